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
} HeaderOption;

/* The column names of one role, the first that a table has serves. */
typedef struct RoleOption
{
	const char *option; /* the option that names it */
	List *columns;      /* char * */
} RoleOption;

/* What a row's columns can be for. */
typedef enum Role
{
	ROLE_AGGREGATE_TYPE,
	ROLE_AGGREGATE_ID,
	ROLE_EVENT_TYPE,
	ROLE_ID,
	ROLE_PAYLOAD
} Role;
#define N_ROLES (ROLE_PAYLOAD + 1)

typedef struct Options
{
	List *tables;  /* TableName * */
	List *topic;   /* TemplatePart * */
	List *headers; /* HeaderOption * */
	RoleOption roles[N_ROLES];
	int max_event_bytes; /* of the payload as stored, uncompressed */
	int coalesce;        /* bytes of lines to gather; 0 = none */
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
