/*-------------------------------------------------------------------------
 *
 * connector/report.c
 *	  What is made of a connector: an INI file with its explanations.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "connector/report.h"

/* Comments and lists are wrapped at this width, in bytes. */
#define WIDTH 92

/* What a line of a file may have without its end; see config/values.c. */
#define MAX_LINE 190

typedef enum LineKind
{
	LINE_SETTING,
	LINE_SUGGESTION,
	LINE_NOTE,
	LINE_DECISION,
	LINE_COMMAND
} LineKind;

typedef struct Line
{
	ReportPart part;
	LineKind kind;
	char *key; /* of a setting or suggestion */
	char *text;
} Line;

struct Report
{
	Line *lines;
	size_t count;
};

/* What stands above each part; of an INI section its name alone. */
static const char *const titles[N_REPORT_PARTS] = {
	[REPORT_WRONG] = "What is wrong with the connector itself:",
	[REPORT_POSTGRES] = "[postgres]",
	[REPORT_KAFKA] = "[kafka]",
	[REPORT_OUTBOX] = "[outbox]",
	[REPORT_RELAY] = "[relay]",
	[REPORT_OTHERWISE] = "What is done otherwise:",
	[REPORT_CANNOT] = "What has no counterpart:",
	[REPORT_UNNEEDED] = "What is not needed here:",
	[REPORT_TAKEOVER] = "The takeover:",
};

Report *
report_new(void)
{
	return xcalloc(1, sizeof(Report));
}

void
report_free(Report *report)
{
	for (size_t i = 0; i < report->count; i++)
	{
		free(report->lines[i].key);
		free(report->lines[i].text);
	}
	free(report->lines);
	free(report);
}

/* A copy without control characters, which would end a line. */
static char *
printable(const char *text)
{
	char *copy = xstrdup(text);

	for (char *p = copy; *p != '\0'; p++)
	{
		if (iscntrl((unsigned char) *p))
			*p = '?';
	}
	return copy;
}

/* Adds a line; key may be NULL. */
static void
add(Report *report, ReportPart part, LineKind kind, const char *key,
	const char *text)
{
	report->lines = xrealloc(report->lines, (report->count + 1) * sizeof(Line));
	report->lines[report->count++] =
		(Line){.part = part,
			   .kind = kind,
			   .key = key != NULL ? xstrdup(key) : NULL,
			   .text = printable(text)};
}

/* Adds a line with a formatted text. */
static void
add_format(Report *report, ReportPart part, LineKind kind, const char *format,
		   va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0)
		xalloc_failed();
	add(report, part, kind, NULL, text);
	free(text);
}

void
report_note(Report *report, ReportPart part, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_format(report, part, LINE_NOTE, format, args);
	va_end(args);
}

void
report_decide(Report *report, ReportPart part, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_format(report, part, LINE_DECISION, format, args);
	va_end(args);
}

void
report_command(Report *report, ReportPart part, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_format(report, part, LINE_COMMAND, format, args);
	va_end(args);
}

/*
 * The next piece of a text of at most width bytes, that ends before a space, or
 * at the next one where a word is longer.  Its length.
 */
static size_t
piece(const char *text, size_t width)
{
	size_t len = strlen(text);
	size_t end = width;

	if (len <= width)
		return len;
	while (end > 0 && text[end] != ' ')
		end--;
	return end > 0 ? end : width + strcspn(text + width, " ");
}

/* Tells whether a line of the section can have the value; see config/values.c
 * for what cannot. */
static bool
fits(ReportPart part, const char *key, const char *value)
{
	size_t width = MAX_LINE - strlen(key) - 3;
	size_t len = strlen(value);
	char quote = value[0] == '"' || value[0] == '\'' ? value[0] : '\0';

	for (const char *p = value; *p != '\0'; p++)
	{
		if (iscntrl((unsigned char) *p) ||
			(*p == ';' && (p == value || isspace((unsigned char) p[-1]))))
			return false;
	}
	if (part != REPORT_OUTBOX)
		return len <= width && (quote == '\0' || value[len - 1] != quote);
	for (; *value != '\0'; value += strspn(value, " "))
	{
		len = piece(value, WIDTH);
		if (len > width || strncmp(value + len, "  ", 2) == 0)
			return false;
		value += len;
	}
	return true;
}

void
report_set(Report *report, ReportPart part, const char *key, const char *value,
		   const char *from)
{
	char variable[128];

	if (fits(part, key, value))
	{
		add(report, part, LINE_SETTING, key, value);
		return;
	}
	snprintf(variable, sizeof(variable), "%.*s_%s",
			 (int) strcspn(titles[part] + 1, "]"), titles[part] + 1, key);
	for (char *p = variable; *p != '\0'; p++)
		*p = isalnum((unsigned char) *p) ? (char) toupper((unsigned char) *p)
										 : '_';
	report_decide(report, part,
				  "a line of this file cannot hold what %s asks for in \"%s\": "
				  "set PG_OUTBOX_%s in the environment",
				  from, key, variable);
}

void
report_suggest(Report *report, ReportPart part, const char *key,
			   const char *value)
{
	add(report, part, LINE_SUGGESTION, key,
		fits(part, key, value) ? value : "");
}

/* Prints a paragraph as comments, the later lines indented. */
static void
print_wrapped(const char *first, const char *text, FILE *out)
{
	const char *lead = first;

	do
	{
		size_t len = piece(text, WIDTH - strlen(lead));

		/* A word that is too long for a line of the file is cut. */
		if (len > MAX_LINE - 10)
			len = MAX_LINE - 10;
		fprintf(out, "; %s%.*s\n", lead, (int) len, text);
		text += len;
		text += strspn(text, " ");
		lead = "  ";
	} while (*text != '\0');
}

/* Prints a setting, over several lines if it is long. */
static void
print_setting(const Line *line, const char *comment, FILE *out)
{
	const char *text = line->text;
	size_t len = piece(text, WIDTH);

	fprintf(out, "%s%s =%s%.*s\n", comment, line->key, len > 0 ? " " : "",
			(int) len, text);
	for (text += len; *text != '\0'; text += len)
	{
		text += strspn(text, " ");
		len = piece(text, WIDTH);
		fprintf(out, "%s  %.*s\n", comment, (int) len, text);
	}
}

/* Prints a line of a part. */
static void
print_line(const Line *line, FILE *out)
{
	bool is_section = titles[line->part][0] == '[';

	switch (line->kind)
	{
		case LINE_SETTING:
			print_setting(line, "", out);
			break;
		case LINE_SUGGESTION:
			print_setting(line, ";", out);
			break;
		case LINE_NOTE:
			print_wrapped(is_section ? "" : "- ", line->text, out);
			break;
		case LINE_DECISION:
			print_wrapped("DECIDE: ", line->text, out);
			break;
		case LINE_COMMAND:
			if (strlen(line->text) < MAX_LINE - 10)
				fprintf(out, ";       %s\n", line->text);
			else
				print_wrapped("      ", line->text, out);
			break;
	}
}

/* Prints one part, if anything is in it. */
static void
print_part(const Report *report, ReportPart part, FILE *out)
{
	bool begun = false;

	for (size_t i = 0; i < report->count; i++)
	{
		if (report->lines[i].part != part)
			continue;
		if (!begun)
			fprintf(out, "\n%s%s\n", titles[part][0] == '[' ? "" : "; ",
					titles[part]);
		begun = true;
		print_line(&report->lines[i], out);
	}
}

void
report_print(const Report *report, const char *title, FILE *out)
{
	size_t decisions = 0;
	char *safe = printable(title);

	for (size_t i = 0; i < report->count; i++)
		decisions += report->lines[i].kind == LINE_DECISION;
	print_wrapped("", safe, out);
	fprintf(out,
			"; %zu %s a decision: look for DECIDE.  Passwords are not "
			"repeated.\n",
			decisions, decisions == 1 ? "line needs" : "lines need");
	for (ReportPart part = 0; part < N_REPORT_PARTS; part++)
		print_part(report, part, out);
	free(safe);
}
