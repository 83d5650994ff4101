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

#include "router.h"

/* A table that is an outbox. */
typedef struct TableName
{
	char *schema;
	char *name;
} TableName;

/* A header and the column that it is made of. */
typedef struct HeaderOption
{
	char *column;
	char *name;
	bool spread; /* the column is an object: each member is a header */
} HeaderOption;

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

typedef struct Options
{
	List *tables;         /* TableName * */
	const char *messages; /* prefix of messages that are events; "" = none */
	List *topic;          /* TemplatePart *; not used where there is a router */
	Router *router;       /* of route_*; NULL: the template makes the topic */
	List *headers;        /* HeaderOption * */
	RoleOption roles[N_ROLES];
	bool blank_is_tombstone; /* blank payloads of text have no value */
	int shard;               /* of the keys, those that hash to shard ... */
	int n_shards;            /* ... of so many */
	bool local_only;         /* drop what came by replication */
	int max_event_bytes;     /* of the payload as stored, uncompressed */
	int coalesce;            /* bytes of lines to gather; 0 = none */
	const char *route_regex; /* as given; NULL: the default */
	const char *route_replacement;
} Options;

/* More lines than this are not gathered, in bytes. */
#define COALESCE_LIMIT (16 * 1024 * 1024)

/*
 * max_event_bytes cannot be more: what becomes of a payload, printed and
 * escaped, must fit in a StringInfo (MaxAllocSize, 1 GB).
 */
#define MAX_EVENT_BYTES_LIMIT (64 * 1024 * 1024)

/*
 * A payload that prints longer than this, in bytes, is too large as well: no
 * text grows more by its escapes, but a number of a few bytes prints as 128 kB.
 */
#define printed_limit(options) (8 * (options)->max_event_bytes)

/*
 * Fills in the options from the list of DefElem, which is NIL when a slot is
 * created.  All memory is palloc'd in the current context.  Raises an ERROR
 * that names the option if it is unknown, given twice or has a wrong value.
 * Looks nothing up in the catalog: at START_REPLICATION there is no
 * transaction (walsender.c, StartLogicalReplication).
 */
extern void options_parse(Options *options, List *elements);

#endif /* PG_OUTBOX_OPTIONS_H */
