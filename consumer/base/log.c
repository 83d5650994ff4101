/*-------------------------------------------------------------------------
 *
 * base/log.c
 *	  Log lines on standard error: one line per entry.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <json-c/json_object.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/utf8.h"

/* A line is cut at this many bytes. */
#define LINE_SIZE 4096

/* Room for a time, with years to come. */
#define TIME_SIZE 80

/* A line under construction; the last byte is kept for the line feed. */
typedef struct Line
{
	char text[LINE_SIZE];
	size_t len;
} Line;

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static LogLevel current_level = LOG_LEVEL_INFO;
static LogFormat current_format = LOG_FORMAT_LOGFMT;
static int64_t dropped; /* lines, since the last one that was written */

_Static_assert(LINE_SIZE <= PIPE_BUF,
			   "a line fits where can_write() says that one does");

/*
 * Tells whether a line can be written without waiting: a pipe that takes
 * anything takes PIPE_BUF bytes (pipe(7)).  Nobody may read standard error, and
 * the relay must not stop for that.
 */
static bool
can_write(void)
{
	struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&fd, 1, 0) != 0;
}
static uint64_t counts[LOG_LEVEL_DEBUG + 1];

void
log_set_level(LogLevel level)
{
	current_level = level;
}

void
log_set_format(LogFormat format)
{
	current_format = format;
}

bool
log_level_parse(const char *name, LogLevel *level)
{
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++)
	{
		if (strcmp(level_names[i], name) == 0)
		{
			*level = (LogLevel) i;
			return true;
		}
	}
	return false;
}

/* Appends formatted text, as much as there is room for. */
static void __attribute__((format(printf, 2, 3)))
append(Line *line, const char *format, ...)
{
	size_t room = LINE_SIZE - 1 - line->len;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line->text + line->len, room, format, args);
	va_end(args);
	if (len > 0)
		line->len += (size_t) len < room ? (size_t) len : room - 1;
}

/* Returns whether logfmt wants a value in quotes. */
static bool
needs_quotes(const char *text)
{
	if (*text == '\0')
		return true;
	for (; *text != '\0'; text++)
	{
		if ((unsigned char) *text <= ' ' || *text == '"' || *text == '=' ||
			*text == '\\' || *text == 0x7f)
			return true;
	}
	return false;
}

/* Appends a value, quoted and escaped if need be. */
static void
append_value(Line *line, const char *text)
{
	if (!needs_quotes(text))
	{
		append(line, "%s", text);
		return;
	}
	append(line, "\"");
	for (; *text != '\0'; text++)
	{
		unsigned char c = (unsigned char) *text;

		if (c == '"' || c == '\\')
			append(line, "\\%c", c);
		else if (c == '\n')
			append(line, "\\n");
		else if (c < ' ' || c == 0x7f)
			append(line, "\\u%04x", c);
		else
			append(line, "%c", c);
	}
	append(line, "\"");
}

/* Writes the time: UTC, to the millisecond. */
static void
format_time(char text[TIME_SIZE], const struct timespec *now)
{
	struct tm utc;

	gmtime_r(&now->tv_sec, &utc);
	snprintf(text, TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ",
			 utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
			 utc.tm_min, utc.tm_sec, now->tv_nsec / 1000000);
}

/* Appends one key=value. */
static void
append_field(Line *line, const LogField *field)
{
	switch (field->type)
	{
		case LOG_FIELD_TEXT:
			if (field->text == NULL)
				return;
			append(line, " %s=", field->key);
			append_value(line, field->text);
			break;
		case LOG_FIELD_INT:
			append(line, " %s=%" PRId64, field->key, field->number);
			break;
		case LOG_FIELD_LSN:
			append(line, " %s=" LSN_FORMAT, field->key,
				   LSN_ARGS((Lsn) field->number));
			break;
	}
}

/* Writes a line in logfmt. */
static void
write_logfmt(LogLevel level, const char *time, const char *message,
			 const LogField *fields, size_t n_fields)
{
	Line line = {.len = 0};

	append(&line, "ts=%s level=%s msg=", time, level_names[level]);
	append_value(&line, message);
	for (size_t i = 0; i < n_fields; i++)
		append_field(&line, &fields[i]);
	line.text[line.len] = '\0';
	utf8_clean(line.text);
	line.text[line.len++] = '\n';
	/* If the log cannot be written, there is nowhere to report it. */
	if (write(STDERR_FILENO, line.text, line.len) < 0)
		return;
}

/* A string of JSON, which is UTF-8 whatever the text is. */
static json_object *
new_string(const char *text)
{
	char *clean = xstrdup(text);
	json_object *string;

	utf8_clean(clean);
	string = json_object_new_string(clean);
	free(clean);
	return string;
}

/* Adds one member of JSON. */
static void
add_member(json_object *object, const LogField *field)
{
	char lsn[LSN_TEXT_SIZE];

	switch (field->type)
	{
		case LOG_FIELD_TEXT:
			if (field->text != NULL)
				json_object_object_add(object, field->key,
									   new_string(field->text));
			break;
		case LOG_FIELD_INT:
			json_object_object_add(object, field->key,
								   json_object_new_int64(field->number));
			break;
		case LOG_FIELD_LSN:
			snprintf(lsn, sizeof(lsn), LSN_FORMAT,
					 LSN_ARGS((Lsn) field->number));
			json_object_object_add(object, field->key,
								   json_object_new_string(lsn));
			break;
	}
}

/* Writes a line of JSON. */
static void
write_json(LogLevel level, const char *time, const char *message,
		   const LogField *fields, size_t n_fields)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "ts", json_object_new_string(time));
	json_object_object_add(object, "level",
						   json_object_new_string(level_names[level]));
	json_object_object_add(object, "msg", json_object_new_string(message));
	for (size_t i = 0; i < n_fields; i++)
		add_member(object, &fields[i]);
	dprintf(STDERR_FILENO, "%s\n",
			json_object_to_json_string_ext(object,
										   JSON_C_TO_STRING_PLAIN |
											   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

/* Keeps a line for those who look at it later. */
static void
keep(LogLevel level, const struct timespec *now, const char *message,
	 const LogField *fields, size_t n_fields)
{
	Line line = {.len = 0};

	append(&line, "%s", message);
	for (size_t i = 0; i < n_fields; i++)
	{
		/* Whoever sees the page may not be one who may see events. */
		if (strcmp(fields[i].key, "key") != 0)
			append_field(&line, &fields[i]);
	}
	line.text[line.len] = '\0';
	utf8_clean(line.text);
	journal_add(level, (int64_t) now->tv_sec * 1000 + now->tv_nsec / 1000000,
				line.text, line.len);
}

void
log_write(LogLevel level, const char *message, const LogField *fields,
		  size_t n_fields)
{
	struct timespec now;
	char time[TIME_SIZE];

	if (level > current_level)
		return;
	if (!can_write())
	{
		dropped++;
		return;
	}
	if (dropped > 0)
	{
		const LogField lines = LOG_INT("lines", dropped);

		dropped = 0;
		log_write(LOG_LEVEL_WARNING,
				  "lines of the log were dropped: nobody read standard error",
				  &lines, 1);
	}
	counts[level]++;
	clock_gettime(CLOCK_REALTIME, &now);
	if (level <= LOG_LEVEL_WARNING)
		keep(level, &now, message, fields, n_fields);
	format_time(time, &now);
	if (current_format == LOG_FORMAT_JSON)
		write_json(level, time, message, fields, n_fields);
	else
		write_logfmt(level, time, message, fields, n_fields);
}

uint64_t
log_count(LogLevel level)
{
	return counts[level];
}
