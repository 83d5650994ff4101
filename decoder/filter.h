/*-------------------------------------------------------------------------
 *
 * filter.h
 *	  The condition on a row's columns in option "where".
 *
 * It has comparisons of columns with constants for equality only, and calls no
 * function of SQL, so that it cannot fail because of a row's data.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_FILTER_H
#define PG_OUTBOX_FILTER_H

#include "nodes/pg_list.h"

#include "bytes.h"
#include "column.h"

typedef enum FilterKind
{
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,
	FILTER_IN, /* the column is one of the constants */
	FILTER_IS_NULL,
	FILTER_IS_TRUE /* the column itself */
} FilterKind;

/* A constant. */
typedef struct FilterConstant
{
	char *text;     /* as it is given, without quotes */
	bool is_quoted; /* else it is a number, true or false */
	int64 number;   /* of what is compared as a number, or as a bool */
} FilterConstant;

typedef struct Filter Filter;
struct Filter
{
	FilterKind kind;
	Filter *left; /* of AND, OR, NOT */
	Filter *right;
	char *name;      /* of a column */
	List *constants; /* FilterConstant * */
	Column *column;  /* of name, once it is resolved; NULL: always NULL */
};

/* The three values of SQL's conditions. */
typedef enum FilterResult
{
	FILTER_FALSE,
	FILTER_TRUE,
	FILTER_UNKNOWN
} FilterResult;

/*
 * Reads a condition.  Returns it palloc'd; raises an ERROR that names the
 * option and the place if it is malformed.
 */
extern Filter *filter_parse(const char *option, const char *value);

/*
 * Sets the column of a condition on one (FILTER_IN, FILTER_IS_TRUE or
 * FILTER_IS_NULL), and brings its constants, which are changed by that, into
 * the form of the column's values.  Returns NULL, or why they cannot be
 * compared, palloc'd.
 */
extern const char *filter_prepare(Filter *filter, Column *column);

/*
 * Returns the first constant of a condition that is not a label of the column's
 * enum, as the option has it, or NULL: there is none, or the column is no enum.
 * To be called before filter_prepare; reads the catalog.
 */
extern const char *filter_unknown_label(const Filter *filter,
										const Column *column);

/*
 * Whether a row matches.  Sets *error if a value is not in the WAL record, so
 * that nobody can tell.  Allocates in the current context.
 */
extern FilterResult filter_evaluate(const Filter *filter, const Datum *values,
									const bool *nulls, const char **error);

#endif /* PG_OUTBOX_FILTER_H */
