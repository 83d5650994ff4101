/*-------------------------------------------------------------------------
 *
 * emit_row.c
 *	  The extension's functions outbox.emit_row() and, for outbox.replay(),
 *	  outbox._emit_rows(): rows as transactional logical messages.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "emit.h"
#include "row_frame.h"

/* Rows that are fetched at once; wide values in them stay out of line. */
#define ROWS_AT_ONCE 100

/* The arguments of outbox._emit_rows() and outbox._replay_query(). */
#define REPLAY_ARGUMENTS 9

/* What tells consumers that an event is published again. */
#define REPLAY_HEADERS "{\"pg_outbox.replay\": true}"

/* What emit_row() keeps between calls: the form of the last row. */
typedef struct LastForm
{
	uint64 identifier; /* of the form in this session; 0: none yet */
	TupleDesc desc;
	RowFrame *row;
	MemoryContext context; /* of both */
} LastForm;

PG_FUNCTION_INFO_V1(pg_outbox_emit_row);
PG_FUNCTION_INFO_V1(pg_outbox_emit_rows);

/* The headers in an argument, checked; NULL if it is. */
static Jsonb *
headers_argument(FunctionCallInfo fcinfo, int argument)
{
	Jsonb *headers;

	if (PG_ARGISNULL(argument))
		return NULL;
	headers = PG_GETARG_JSONB_P(argument);
	emit_check_headers(headers);
	return headers;
}

/* Makes the room between calls. */
static LastForm *
create_form(FunctionCallInfo fcinfo)
{
	LastForm *last =
		MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(LastForm));

	last->context =
		AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "pg_outbox row",
							  ALLOCSET_SMALL_SIZES);
	fcinfo->flinfo->fn_extra = last;
	return last;
}

/*
 * The form of a row of a type, that of the last call if it is the same.  A type
 * may change from one row of a statement to the next, by ALTER TYPE in a
 * function that makes them; then it gets another identifier (typcache.c,
 * load_typcache_tupdesc).  That is asked for first: so if the type changes
 * meanwhile, the next row notices.
 */
static const LastForm *
form_of(FunctionCallInfo fcinfo, Oid type, int32 typmod)
{
	LastForm *last = fcinfo->flinfo->fn_extra;
	uint64 identifier = assign_record_type_identifier(type, typmod);
	TupleDesc desc;
	MemoryContext old;

	if (last == NULL)
		last = create_form(fcinfo);
	if (last->identifier == identifier)
		return last;
	last->identifier = 0;
	MemoryContextReset(last->context);
	desc = lookup_rowtype_tupdesc(type, typmod);
	old = MemoryContextSwitchTo(last->context);
	last->desc = CreateTupleDescCopyConstr(desc);
	ReleaseTupleDesc(desc);
	last->row = row_frame_create(last->desc, get_typ_typrelid(type));
	MemoryContextSwitchTo(old);
	last->identifier = identifier;
	return last;
}

/*
 * outbox.emit_row(row record, headers jsonb): publishes a row as it is, with
 * these headers over its own.
 */
Datum
pg_outbox_emit_row(PG_FUNCTION_ARGS)
{
	HeapTupleHeader header;
	HeapTupleData tuple;
	const LastForm *form;
	StringInfoData frame;

	emit_check_server("outbox.emit_row()");
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("the row of an event must not be NULL")));
	header = PG_GETARG_HEAPTUPLEHEADER(0);
	form = form_of(fcinfo, HeapTupleHeaderGetTypeId(header),
				   HeapTupleHeaderGetTypMod(header));
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, form->desc, form->row->values, form->row->nulls);

	initStringInfo(&frame);
	row_frame_write(form->row, headers_argument(fcinfo, 1), &frame);
	emit_frame(&frame);
	pfree(frame.data);
	PG_RETURN_VOID();
}

/* Writes the rows that were fetched. */
static void
emit_fetched(RowFrame *row, Jsonb *headers, MemoryContext row_context)
{
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(row_context);
		StringInfoData frame;

		CHECK_FOR_INTERRUPTS();
		heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
						  row->values, row->nulls);
		initStringInfo(&frame);
		row_frame_write(row, headers, &frame);
		emit_frame(&frame);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
}

/*
 * The query of a batch, in the memory of SPI, of the arguments of
 * _emit_rows().  The extension builds it, so that a caller can name rows, but
 * cannot have others published than those of a table that he may read.
 */
static char *
batch_query(FunctionCallInfo fcinfo)
{
	Oid types[REPLAY_ARGUMENTS] = {REGCLASSOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
								   TEXTOID,     NAMEOID,        NAMEOID,
								   NAMEOID,     TEXTOID,        TEXTOID};
	Datum values[REPLAY_ARGUMENTS];
	char nulls[REPLAY_ARGUMENTS];

	for (int i = 0; i < REPLAY_ARGUMENTS; i++)
	{
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	SPI_execute_with_args("SELECT outbox._replay_query($1, $2, $3, $4, $5,"
						  " $6, $7, $8, $9)",
						  REPLAY_ARGUMENTS, types, values, nulls, true, 1);
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

/*
 * outbox._emit_rows(name regclass, since timestamptz, until timestamptz, key
 * text, time_name name, key_name name, id_name name, after text, reached
 * text): publishes the rows of a table that outbox._replay_query() chooses, as
 * replayed ones; returns how many they were.  Takes memory for one row and a
 * few more.
 */
Datum
pg_outbox_emit_rows(PG_FUNCTION_ARGS)
{
	Jsonb *headers = DatumGetJsonbP(
		DirectFunctionCall1(jsonb_in, CStringGetDatum(REPLAY_HEADERS)));
	MemoryContext row_context =
		AllocSetContextCreate(CurrentMemoryContext, "pg_outbox row",
							  ALLOCSET_DEFAULT_SIZES);
	RowFrame *row = NULL;
	char *query;
	Portal portal;
	int64 count = 0;
	uint64 fetched;

	emit_check_server("outbox.replay()");
	SPI_connect();
	query = batch_query(fcinfo);
	portal =
		SPI_cursor_open_with_args(NULL, query, 0, NULL, NULL, NULL, true, 0);
	do
	{
		SPI_cursor_fetch(portal, true, ROWS_AT_ONCE);
		if (row == NULL)
		{
			row = row_frame_create(SPI_tuptable->tupdesc, PG_GETARG_OID(0));
			row->id = PG_ARGISNULL(6) ? NULL : NameStr(*PG_GETARG_NAME(6));
		}
		fetched = SPI_processed;
		emit_fetched(row, headers, row_context);
		count += fetched;
		SPI_freetuptable(SPI_tuptable);
	} while (fetched > 0);
	SPI_cursor_close(portal);
	SPI_finish();
	PG_RETURN_INT64(count);
}
