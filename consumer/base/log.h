/*-------------------------------------------------------------------------
 *
 * base/log.h
 *	  Log lines on standard error: one line per entry, in logfmt or JSON.
 *
 *	  ts=2026-01-31T12:00:00.123Z level=info msg="streaming" slot=pg_outbox
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_BASE_LOG_H
#define PG_OUTBOX_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lsn.h"

typedef enum LogLevel
{
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
} LogLevel;

typedef enum LogFieldType
{
	LOG_FIELD_TEXT,
	LOG_FIELD_INT,
	LOG_FIELD_LSN
} LogFieldType;

/* One key=value of a line. */
typedef struct LogField
{
	const char *key;
	LogFieldType type;
	const char *text;
	int64_t number;
} LogField;

#define LOG_TEXT(k, v) \
	((LogField){.key = (k), .type = LOG_FIELD_TEXT, .text = (v)})
#define LOG_INT(k, v) \
	((LogField){.key = (k), .type = LOG_FIELD_INT, .number = (int64_t) (v)})
#define LOG_LSN(k, v) \
	((LogField){.key = (k), .type = LOG_FIELD_LSN, .number = (int64_t) (v)})

typedef enum LogFormat
{
	LOG_FORMAT_LOGFMT, /* cut after 4 kB */
	LOG_FORMAT_JSON
} LogFormat;

/* How lines are written.  The default is logfmt. */
extern void log_set_format(LogFormat format);

/* Lines above this level are not written.  The default is info. */
extern void log_set_level(LogLevel level);

/* "error", "warning", "info", "debug"; false on any other name. */
extern bool log_level_parse(const char *name, LogLevel *level);

/*
 * Writes one line with one write(2): time, level, message, fields.  Values
 * are quoted and escaped where the format asks for it; a text of NULL leaves
 * its field out.  A line that would have to wait for a reader is dropped, which
 * the next one reports.  Never pass a password or a payload.
 */
extern void log_write(LogLevel level, const char *message,
					  const LogField *fields, size_t n_fields);

/* How many lines of a level were written. */
extern uint64_t log_count(LogLevel level);

#define log_line(level, message, ...) \
	log_write((level), (message), (const LogField[]){{0}, ##__VA_ARGS__} + 1, \
			  sizeof((const LogField[]){{0}, ##__VA_ARGS__}) / \
					  sizeof(LogField) - \
				  1)
#define log_error(message, ...) \
	log_line(LOG_LEVEL_ERROR, message, ##__VA_ARGS__)
#define log_warning(message, ...) \
	log_line(LOG_LEVEL_WARNING, message, ##__VA_ARGS__)
#define log_info(message, ...) log_line(LOG_LEVEL_INFO, message, ##__VA_ARGS__)
#define log_debug(message, ...) \
	log_line(LOG_LEVEL_DEBUG, message, ##__VA_ARGS__)

#endif /* PG_OUTBOX_BASE_LOG_H */
