/*-------------------------------------------------------------------------
 *
 * filter_evaluate.c
 *	  Evaluates the condition of option "where".
 *
 * Text is compared byte by byte, as SQL does for equality (all collations but
 * nondeterministic ones); that needs no collation, and cannot fail.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "filter.h"
#include "utf8.h"

/* Whether values of a column are compared as numbers. */
static bool
is_number(const Column *column)
{
	return !column->is_field &&
		   (column->type == COLUMN_INT2 || column->type == COLUMN_INT4 ||
			column->type == COLUMN_INT8);
}

/* Whether values of a column are compared as text. */
static bool
is_text(const Column *column)
{
	/* Equality of a type that is not built in may be another one (citext). */
	if (column->typid >= FirstNormalObjectId)
		return get_typtype(column->typid) == TYPTYPE_ENUM;
	return column->type == COLUMN_TEXT || column->type == COLUMN_CHAR ||
		   column->type == COLUMN_UUID ||
		   (column->type == COLUMN_OTHER &&
			get_typtype(column->typid) == TYPTYPE_ENUM);
}

/* Reads the constant of a number; false if it is none. */
static bool
read_number(FilterConstant *constant)
{
	char *end;

	errno = 0;
	constant->number = strtoll(constant->text, &end, 10);
	return end != constant->text && *end == '\0' && errno == 0;
}

/* Reads the constant of a bool; false if it is none. */
static bool
read_bool(FilterConstant *constant)
{
	constant->number = strcmp(constant->text, "true") == 0;
	return constant->number || strcmp(constant->text, "false") == 0;
}

/* Whether text is a uuid as it prints; upper case is folded. */
static bool
read_uuid(char *text)
{
	static const char form[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";

	if (strlen(text) != strlen(form))
		return false;
	for (int i = 0; form[i] != '\0'; i++)
	{
		text[i] = pg_ascii_tolower((unsigned char) text[i]);
		if (form[i] == '-' ? text[i] != '-'
						   : !isxdigit((unsigned char) text[i]))
			return false;
	}
	return true;
}

/* Brings the constant of a text into the form of the column's values. */
static bool
read_text(FilterConstant *constant, const Column *column)
{
	Bytes utf8;

	if (column->type == COLUMN_UUID)
		return read_uuid(constant->text);
	if (column->type == COLUMN_CHAR)
		constant->text[bpchartruelen(constant->text, strlen(constant->text))] =
			'\0';
	if (column->type != COLUMN_OTHER)
		return true;
	/* Enums print as UTF-8. */
	if (!utf8_from_server(constant->text, strlen(constant->text), &utf8))
		return false;
	constant->text = pnstrdup(utf8.data, utf8.len);
	return true;
}

/* Reads a constant that is compared with a column; false if it cannot be. */
static bool
prepare_constant(FilterConstant *constant, const Column *column)
{
	if (is_number(column))
		return !constant->is_quoted && read_number(constant);
	if (column->type == COLUMN_BOOL)
		return !constant->is_quoted && read_bool(constant);
	/* Fields of a message are text, whatever they stand for. */
	if (column->is_field)
		return true;
	return constant->is_quoted && read_text(constant, column);
}

const char *
filter_prepare(Filter *filter, Column *column)
{
	ListCell *lc;

	filter->column = column;

	if (filter->kind == FILTER_IS_TRUE)
		return column->is_field || column->type == COLUMN_BOOL
				   ? NULL
				   : "a column by itself has to be boolean";
	if (filter->kind != FILTER_IN)
		return NULL;
	if (!is_number(column) && !is_text(column) && column->type != COLUMN_BOOL)
		return "only text, varchar, char, uuid, enums, boolean, smallint, "
			   "integer and bigint are compared";
	foreach (lc, filter->constants)
	{
		FilterConstant *constant = lfirst(lc);

		if (!prepare_constant(constant, column))
			return psprintf("its values cannot be compared with %s%s%s",
							constant->is_quoted ? "'" : "", constant->text,
							constant->is_quoted ? "'" : "");
	}
	return NULL;
}

const char *
filter_unknown_label(const Filter *filter, const Column *column)
{
	ListCell *lc;

	if (filter->kind != FILTER_IN || column->is_field ||
		get_typtype(column->typid) != TYPTYPE_ENUM)
		return NULL;
	foreach (lc, filter->constants)
	{
		const FilterConstant *constant = lfirst(lc);

		if (!SearchSysCacheExists2(ENUMTYPOIDNAME,
								   ObjectIdGetDatum(column->typid),
								   CStringGetDatum(constant->text)))
			return constant->text;
	}
	return NULL;
}

/* A value that is compared as a number, or as a bool. */
static int64
number_of(const Column *column, Datum value)
{
	int64 number = 0;

	if (column->type == COLUMN_BOOL)
		return DatumGetBool(value);
	column_integer(column, value, &number);
	return number;
}

/* A value that is compared as text, in the database's encoding. */
static Bytes
text_of(const Column *column, Datum value)
{
	Bytes text = {NULL, 0};

	if (column->type == COLUMN_UUID || column->type == COLUMN_OTHER)
	{
		column_text(column, value, &text);
		return text;
	}
	return column_bytes(column, value);
}

/* Whether a text has the length of one of the constants. */
static bool
has_length(const Filter *filter, int64 length)
{
	ListCell *lc;

	foreach (lc, filter->constants)
	{
		if (strlen(((const FilterConstant *) lfirst(lc))->text) == length)
			return true;
	}
	return false;
}

/* Whether a value is one of the constants. */
static bool
is_one_of(const Filter *filter, Datum value)
{
	const Column *column = filter->column;
	bool by_number = is_number(column) || column->type == COLUMN_BOOL;
	int64 number = by_number ? number_of(column, value) : 0;
	Bytes text = {NULL, 0};
	ListCell *lc;

	/* A long text is not read for this. */
	if (column->type == COLUMN_TEXT &&
		!has_length(filter, column_size(column, value)))
		return false;
	if (!by_number)
		text = text_of(column, value);
	foreach (lc, filter->constants)
	{
		const FilterConstant *constant = lfirst(lc);

		if (by_number
				? constant->number == number
				: text.data != NULL && text.len == strlen(constant->text) &&
					  memcmp(text.data, constant->text, text.len) == 0)
			return true;
	}
	return false;
}

/* Whether a value that is not NULL is true. */
static bool
is_true(const Column *column, Datum value)
{
	Bytes text;

	if (!column->is_field)
		return DatumGetBool(value);
	text = column_bytes(column, value);
	return text.len == 4 && memcmp(text.data, "true", 4) == 0;
}

/* Evaluates a condition on a column. */
static FilterResult
evaluate_column(const Filter *filter, const Datum *values, const bool *nulls,
				const char **error)
{
	const Column *column = filter->column;
	bool is_null = column == NULL || nulls[column->index];

	if (filter->kind == FILTER_IS_NULL)
		return is_null ? FILTER_TRUE : FILTER_FALSE;
	if (is_null)
		return FILTER_UNKNOWN;
	if (column_size(column, values[column->index]) < 0)
	{
		*error = psprintf("column \"%s\" is out of line and not in the WAL "
						  "record",
						  column->name);
		return FILTER_UNKNOWN;
	}
	if (filter->kind == FILTER_IS_TRUE)
		return is_true(column, values[column->index]) ? FILTER_TRUE
													  : FILTER_FALSE;
	return is_one_of(filter, values[column->index]) ? FILTER_TRUE
													: FILTER_FALSE;
}

FilterResult
filter_evaluate(const Filter *filter, const Datum *values, const bool *nulls,
				const char **error)
{
	FilterResult left;
	FilterResult right;
	FilterResult decides;

	if (filter->left == NULL)
		return evaluate_column(filter, values, nulls, error);
	left = filter_evaluate(filter->left, values, nulls, error);
	if (filter->kind == FILTER_NOT)
		return left == FILTER_UNKNOWN ? FILTER_UNKNOWN
			   : left == FILTER_TRUE  ? FILTER_FALSE
									  : FILTER_TRUE;
	decides = filter->kind == FILTER_AND ? FILTER_FALSE : FILTER_TRUE;
	if (left == decides)
		return left;
	right = filter_evaluate(filter->right, values, nulls, error);
	return right == decides || left != FILTER_UNKNOWN ? right : left;
}
