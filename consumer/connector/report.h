/*-------------------------------------------------------------------------
 *
 * connector/report.h
 *	  What is made of a connector: an INI file with its explanations.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_REPORT_H
#define PG_OUTBOX_CONNECTOR_REPORT_H

#include <stdio.h>

typedef struct Report Report;

/* The parts, in the order in which they are printed. */
typedef enum ReportPart
{
	REPORT_WRONG, /* what is wrong with the connector itself */
	REPORT_POSTGRES,
	REPORT_KAFKA,
	REPORT_OUTBOX,
	REPORT_RELAY,
	REPORT_OTHERWISE, /* done otherwise */
	REPORT_CANNOT,    /* has no counterpart */
	REPORT_UNNEEDED,
	REPORT_TAKEOVER,
	N_REPORT_PARTS
} ReportPart;

extern Report *report_new(void);
extern void report_free(Report *report);

/*
 * Adds a setting.  Where a line of an INI file cannot have the value, it is a
 * decision to set it in the environment; from names what has the value.
 */
extern void report_set(Report *report, ReportPart part, const char *key,
					   const char *value, const char *from);

/* Adds a setting that is commented out. */
extern void report_suggest(Report *report, ReportPart part, const char *key,
						   const char *value);

/* Adds a comment of one paragraph; report_decide() one that needs a decision.
 */
extern void report_note(Report *report, ReportPart part, const char *format,
						...) __attribute__((format(printf, 3, 4)));
extern void report_decide(Report *report, ReportPart part, const char *format,
						  ...) __attribute__((format(printf, 3, 4)));

/* Adds a command, which is printed as it is. */
extern void report_command(Report *report, ReportPart part, const char *format,
						   ...) __attribute__((format(printf, 3, 4)));

/* Prints all of it below a title of one line. */
extern void report_print(const Report *report, const char *title, FILE *out);

#endif /* PG_OUTBOX_CONNECTOR_REPORT_H */
