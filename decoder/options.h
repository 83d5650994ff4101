/*-------------------------------------------------------------------------
 *
 * options.h
 *	  The options of START_REPLICATION and pg_logical_slot_get_changes().
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_OPTIONS_H
#define PG_OUTBOX_OPTIONS_H

#include "nodes/pg_list.h"

#include "filter.h"
#include "pattern.h"
#include "router.h"

/* What a header is made of. */
typedef enum HeaderKind
{
	HEADER_COLUMN,
	HEADER_SPREAD,   /* the column is an object: each member is a header */
	HEADER_TEMPLATE, /* a constant, too */
	HEADER_POSITION, /* the event's LSN and seq */
	HEADER_COMMIT_TIME,
	HEADER_XID
} HeaderKind;

/* A header. */
typedef struct HeaderOption
{
	HeaderKind kind;
	List *columns;  /* char *: the first that the table has serves */
	List *template; /* TemplatePart * */
	char *name;
} HeaderOption;

/* A member of the JSON object that is the value. */
typedef struct MemberOption
{
	List *columns; /* char *: the first that the table has serves */
	char *name;
	bool as_text; /* a JSON column as a string */
} MemberOption;

/* The column names of one role, the first that a table has serves. */
typedef struct RoleOption
{
	const char *option; /* the option that names it */
	List *columns;      /* char *; NIL: there is none */
	bool given;         /* not the default */
} RoleOption;

/* What a row's columns can be for. */
typedef enum Role
{
	ROLE_AGGREGATE_TYPE,
	ROLE_AGGREGATE_ID,
	ROLE_EVENT_TYPE,
	ROLE_ID,
	ROLE_PAYLOAD,
	ROLE_PARTITION,
	ROLE_TIMESTAMP
} Role;
#define N_ROLES (ROLE_TIMESTAMP + 1)

/* What events are made of: the options that a table may have of its own. */
typedef struct EventOptions
{
	List *topic;    /* TemplatePart *; not used where there is a router */
	Router *router; /* of route_*; NULL: the template makes the topic */
	List *key;      /* TemplatePart *; NIL: the column of ROLE_AGGREGATE_ID */
	bool raw_key;   /* bytes of the key are the record's, not their base64 */
	List *headers;  /* HeaderOption * */
	List *value;    /* MemberOption *; NIL: the payload */
	Filter *where;  /* NULL: all rows are events */
	RoleOption roles[N_ROLES];
	bool blank_is_tombstone; /* blank payloads of text have no value */
	int max_event_bytes;     /* of the payload as stored, uncompressed */
	const char *route_regex; /* as given; NULL: the default */
	const char *route_replacement;
} EventOptions;

/* An option and its value as they are given. */
typedef struct OptionValue
{
	const char *name;
	const char *value;
} OptionValue;

/* An entry of option "tables". */
typedef struct TableEntry
{
	Pattern *schema;
	Pattern *table;
	const char *source; /* as it is given, for people */
	List *overrides;    /* OptionValue * */
	const EventOptions *events;
} TableEntry;

typedef struct Options
{
	List *tables;         /* TableEntry *: of those that match the first */
	EventOptions events;  /* of messages, and tables without their own */
	const char *messages; /* prefix of messages that are events; "" = none */
	int shard;            /* of the keys, those that hash to shard ... */
	int n_shards;         /* ... of so many */
	bool local_only;      /* drop what came by replication */
	int coalesce;         /* bytes of lines to gather; 0 = none */
} Options;

/* More lines than this are not gathered, in bytes. */
#define COALESCE_LIMIT (16 * 1024 * 1024)

/*
 * max_event_bytes cannot be more: a line must fit in a StringInfo
 * (MaxAllocSize, 1024 MB).  It has at most 384 MB of topic, key and headers,
 * which are 64 MB of text that escapes make six times longer, 86 MB of a raw
 * key in base64, and 512 MB of a payload; before it stand less than 16 MB of
 * other lines.
 */
#define MAX_EVENT_BYTES_LIMIT (64 * 1024 * 1024)

/*
 * A payload that prints longer than this, in bytes, is too large as well: no
 * text grows more by its escapes, but a number of a few bytes prints as 128 kB.
 */
#define printed_limit(options) (8 * (options)->max_event_bytes)

/* Whether an entry has * in it, so that whoever makes a table can match it. */
static inline bool
is_pattern(const TableEntry *entry)
{
	return pattern_name(entry->schema) == NULL ||
		   pattern_name(entry->table) == NULL;
}

/* Whether an entry of option "tables" stands for a table of that name. */
static inline bool
is_named(const TableEntry *entry, const char *schema, const char *table)
{
	return pattern_matches(entry->schema, schema) &&
		   pattern_matches(entry->table, table);
}

/*
 * Fills in the options from the list of DefElem, which is NIL when a slot is
 * created.  All memory is palloc'd in the current context.  Raises an ERROR
 * that names the option if it is unknown, given twice or has a wrong value.
 * Looks nothing up in the catalog: at START_REPLICATION there is no
 * transaction (walsender.c, StartLogicalReplication).
 */
extern void options_parse(Options *options, List *elements);

#endif /* PG_OUTBOX_OPTIONS_H */
