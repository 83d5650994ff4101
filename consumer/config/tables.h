/*-------------------------------------------------------------------------
 *
 * config/tables.h
 *	  Lists of tables: what [outbox] says as plain names, and what
 *	  [maintenance] maintains.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONFIG_TABLES_H
#define PG_OUTBOX_CONFIG_TABLES_H

#include "base/error.h"
#include "config/values.h"

/*
 * The tables of [outbox], public.outbox by default; NULL unless they are a
 * plain list of names: with a pattern, options of an entry, or none at all.
 * The text belongs to the configuration.
 */
extern const char *config_plain_tables(const Config *config);

/*
 * The tables to maintain: those that [maintenance] names, or else
 * config_plain_tables().  Not NULL if maintenance is on and
 * config_check_tables() passed.
 */
extern const char *config_maintained_tables(const Config *config);

/*
 * Whether it is known which tables to maintain, if maintenance is on; false
 * with a message in err.
 */
extern bool config_check_tables(const Config *config, Error *err);

#endif /* PG_OUTBOX_CONFIG_TABLES_H */
