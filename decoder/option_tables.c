/*-------------------------------------------------------------------------
 *
 * option_tables.c
 *	  Reads option "tables": schema.table, perhaps with options of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "option_readers.h"
#include "scan.h"

static const char allowed[] =
	"a comma list of schema.table, names quoted as in SQL or with * in them, "
	"each perhaps with options as in app.outbox(key=id, "
	"topic='${kind}.events')";

/* Reads name=value, the value bare or in single quotes; NULL if it is not. */
static OptionValue *
scan_override(const char **cursor)
{
	OptionValue *override = palloc0(sizeof(OptionValue));

	scan_space(cursor);
	override->name = scan_identifier(cursor);
	if (override->name == NULL || !scan_symbol(cursor, '='))
		return NULL;
	override->value =
		**cursor == '\'' ? scan_text(cursor) : scan_bare_value(cursor);
	return override->value != NULL ? override : NULL;
}

/* Reads the options in parentheses; false if they are malformed. */
static bool
scan_overrides(TableEntry *entry, const char **cursor)
{
	do
	{
		OptionValue *override = scan_override(cursor);

		if (override == NULL)
			return false;
		entry->overrides = lappend(entry->overrides, override);
	} while (scan_symbol(cursor, ','));
	return scan_symbol(cursor, ')');
}

/* Reads an entry; NULL if it is malformed. */
static TableEntry *
scan_entry(const char **cursor)
{
	TableEntry *entry = palloc0(sizeof(TableEntry));
	const char *start;

	scan_space(cursor);
	start = *cursor;
	entry->schema = pattern_scan(cursor);
	if (entry->schema == NULL || *(*cursor)++ != '.')
		return NULL;
	entry->table = pattern_scan(cursor);
	if (entry->table == NULL)
		return NULL;
	entry->source = pnstrdup(start, *cursor - start);
	if (scan_symbol(cursor, '(') && !scan_overrides(entry, cursor))
		return NULL;
	return entry;
}

/* Raises an ERROR if a table is named twice. */
static void
check_new_entry(const char *option, List *entries, const TableEntry *entry)
{
	const char *schema = pattern_name(entry->schema);
	const char *table = pattern_name(entry->table);
	ListCell *lc;

	if (schema == NULL || table == NULL)
		return;
	foreach (lc, entries)
	{
		const TableEntry *other = lfirst(lc);

		if (pattern_name(other->schema) != NULL &&
			pattern_name(other->table) != NULL &&
			is_named(other, schema, table))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("option \"%s\" names table \"%s.%s\" twice",
								   option, schema, table)));
	}
}

void
read_tables(Options *options, const char *name, const char *value)
{
	const char *p = value;

	scan_space(&p);
	if (*p == '\0')
		return;
	do
	{
		TableEntry *entry = scan_entry(&p);

		if (entry == NULL)
			invalid_value(name, value, allowed);
		check_new_entry(name, options->tables, entry);
		options->tables = lappend(options->tables, entry);
	} while (scan_symbol(&p, ','));

	scan_space(&p);
	if (*p != '\0')
		invalid_value(name, value, allowed);
}
