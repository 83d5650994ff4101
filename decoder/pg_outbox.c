/*-------------------------------------------------------------------------
 *
 * pg_outbox.c
 *	  Logical decoding output plugin: the rows that committed transactions
 *	  inserted into an outbox table, as routed JSON envelopes.
 *
 * The callbacks stand in the order of their life cycle.  Neither the stream_*
 * nor the *_prepare callbacks are registered: so the server hands over a
 * transaction whole, after its commit, and nothing of one that rolled back or
 * is only prepared (logical.c, StartupDecodingContext).
 *
 * Nothing here raises an ERROR because of a row's data.  Such an ERROR would
 * come back each time the slot is read and keep its WAL for ever; a row that
 * cannot be an event becomes an error line instead.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "replication/origin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "emit.h"
#include "envelope.h"
#include "message.h"
#include "moved.h"
#include "outlet.h"
#include "preflight.h"
#include "relation.h"
#include "route.h"

COMPAT_MODULE_MAGIC;

/* The state of one decoding. */
typedef struct Decoder
{
	Outlet *outlet; /* first, as outlet.c wants it */
	Options options;
	RelationCache *relations;
	MessageReader *messages;
	MovedRows *moved;
	MemoryContext row_context; /* reset after each row */
	uint32 lines;              /* event lines of the present transaction */
	int ignored_changes;       /* since progress was reported */
} Decoder;

static void outbox_startup(LogicalDecodingContext *ctx,
						   OutputPluginOptions *opt, bool is_init);
static void outbox_begin(LogicalDecodingContext *ctx, ReorderBufferTXN *txn);
static void outbox_change(LogicalDecodingContext *ctx, ReorderBufferTXN *txn,
						  Relation relation, ReorderBufferChange *change);
static void outbox_message(LogicalDecodingContext *ctx, ReorderBufferTXN *txn,
						   XLogRecPtr lsn, bool transactional,
						   const char *prefix, Size size, const char *content);
static void outbox_commit(LogicalDecodingContext *ctx, ReorderBufferTXN *txn,
						  XLogRecPtr commit_lsn);
static bool outbox_filter_origin(LogicalDecodingContext *ctx,
								 ReplOriginId origin_id);

/* Runs when the library is loaded: as plugin, or for the extension. */
void
_PG_init(void)
{
	emit_define_settings();
}

void
_PG_output_plugin_init(OutputPluginCallbacks *cb)
{
	cb->startup_cb = outbox_startup;
	cb->begin_cb = outbox_begin;
	cb->change_cb = outbox_change;
	cb->message_cb = outbox_message;
	cb->commit_cb = outbox_commit;
	cb->filter_by_origin_cb = outbox_filter_origin;
}

/*
 * Begins a decoding, or only creates a slot (is_init): that comes without
 * options, so nothing is known of the tables.
 */
static void
outbox_startup(LogicalDecodingContext *ctx, OutputPluginOptions *opt,
			   bool is_init)
{
	Decoder *decoder = palloc0(sizeof(Decoder));

	/*
	 * Lines are UTF-8.  The SQL functions that return text may only return
	 * text of the database's encoding.
	 */
	opt->output_type = GetDatabaseEncoding() == PG_UTF8
						   ? OUTPUT_PLUGIN_TEXTUAL_OUTPUT
						   : OUTPUT_PLUGIN_BINARY_OUTPUT;
	/* A rewrite of the table writes its old rows again: no events. */
	opt->receive_rewrites = false;

	options_parse(&decoder->options, ctx->output_plugin_options);
	decoder->outlet = outlet_create(ctx, decoder->options.coalesce);
	decoder->relations = relation_cache_create(&decoder->options);
	decoder->messages = message_reader_create(&decoder->options);
	decoder->moved = moved_rows_create();
	decoder->row_context = AllocSetContextCreate(ctx->context, "pg_outbox row",
												 ALLOCSET_DEFAULT_SIZES);
	ctx->output_plugin_private = decoder;
	if (!is_init)
		preflight(decoder->relations, &decoder->options);

	/* Not asked for each WAL record where all origins are wanted. */
	if (!decoder->options.local_only)
		ctx->callbacks.filter_by_origin_cb = NULL;
}

/* Whether what came by replication is to be dropped: option origin. */
static bool
outbox_filter_origin(LogicalDecodingContext *ctx, ReplOriginId origin_id)
{
	return origin_id != InvalidReplOriginId;
}

/* Begins a transaction; nothing is written before its first event. */
static void
outbox_begin(LogicalDecodingContext *ctx, ReorderBufferTXN *txn)
{
	Decoder *decoder = ctx->output_plugin_private;

	decoder->lines = 0;
	decoder->ignored_changes = 0;
	moved_rows_begin(decoder->moved);
}

/*
 * Lets the walsender answer its client in the middle of a long transaction of
 * which nothing is sent (as pgoutput.c, update_replication_progress).
 */
static void
report_progress(LogicalDecodingContext *ctx, Decoder *decoder)
{
#if !COMPAT_REPORTS_PROGRESS
	if (++decoder->ignored_changes < 100)
		return;
	decoder->ignored_changes = 0;
	compat_update_progress(ctx, false);
#endif
}

/* Where the next event of a transaction stands. */
static EventPlace
next_place(const Decoder *decoder, const ReorderBufferTXN *txn)
{
	EventPlace place = {.lsn = txn->end_lsn,
						.seq = decoder->lines,
						.xid = txn->xid,
						.commit_time = COMPAT_COMMIT_TIME(txn)};

	return place;
}

/* Writes the line of an event. */
static void
write_event(Decoder *decoder, Event *event, const EventOptions *options)
{
	decoder->lines++;
	envelope_append_event(outlet_begin_line(decoder->outlet, false), event,
						  printed_limit(options));
	outlet_end_line(decoder->outlet, false);
}

/* Ends what began with the callback of a row or message. */
static void
end_row(Decoder *decoder, MemoryContext old)
{
	outlet_tick(decoder->outlet);
	MemoryContextSwitchTo(old);
	MemoryContextReset(decoder->row_context);
}

/* Takes a row that was inserted; whether it is one of an outbox. */
static bool
take_insert(Decoder *decoder, ReorderBufferTXN *txn, Relation relation,
			ReorderBufferChange *change)
{
	Outbox *outbox =
		relation_lookup(decoder->relations, relation, txn->end_lsn, true);
	HeapTuple tuple = COMPAT_TUPLE(change->data.tp.newtuple);
	EventPlace place = next_place(decoder, txn);
	Event event;

	if (outbox == NULL)
		return false;
	if (relation->rd_rel->relispartition &&
		moved_rows_inserted(decoder->moved, outbox, relation, tuple))
		return true;
	if (event_from_row(&decoder->options, outbox, tuple,
					   RelationGetDescr(relation), &place, &event))
		write_event(decoder, &event, outbox->options);
	return true;
}

/* Takes a row that was deleted; whether it may be half of an UPDATE. */
static bool
take_delete(Decoder *decoder, ReorderBufferTXN *txn, Relation relation,
			ReorderBufferChange *change)
{
	Outbox *outbox;

	if (!relation->rd_rel->relispartition)
		return false;
	outbox = relation_lookup(decoder->relations, relation, txn->end_lsn, false);
	if (outbox == NULL)
		return false;
	moved_rows_deleted(decoder->moved, outbox, relation,
					   COMPAT_TUPLE(change->data.tp.oldtuple));
	return true;
}

/* Takes one change of a committed transaction: inserts into an outbox count. */
static void
outbox_change(LogicalDecodingContext *ctx, ReorderBufferTXN *txn,
			  Relation relation, ReorderBufferChange *change)
{
	Decoder *decoder = ctx->output_plugin_private;
	MemoryContext old = MemoryContextSwitchTo(decoder->row_context);
	bool counts = false;

	if (change->action == REORDER_BUFFER_CHANGE_INSERT)
		counts = take_insert(decoder, txn, relation, change);
	else if (change->action == REORDER_BUFFER_CHANGE_DELETE)
		counts = take_delete(decoder, txn, relation, change);
	if (!counts)
		report_progress(ctx, decoder);
	end_row(decoder, old);
}

/*
 * Takes one logical message.  One that is not transactional may come from a
 * transaction that rolls back, so it is no event.
 */
static void
outbox_message(LogicalDecodingContext *ctx, ReorderBufferTXN *txn,
			   XLogRecPtr lsn, bool transactional, const char *prefix,
			   Size size, const char *content)
{
	Decoder *decoder = ctx->output_plugin_private;
	Bytes frame = {content, size};
	EventPlace place;
	MemoryContext old;
	Event event;

	if (!transactional || *decoder->options.messages == '\0' ||
		strcmp(prefix, decoder->options.messages) != 0)
		return;
	place = next_place(decoder, txn);
	old = MemoryContextSwitchTo(decoder->row_context);
	if (event_from_message(decoder->messages, frame, &place, &event))
		write_event(decoder, &event, &decoder->options.events);
	end_row(decoder, old);
}

/* Ends a transaction: a commit line if it had events. */
static void
outbox_commit(LogicalDecodingContext *ctx, ReorderBufferTXN *txn,
			  XLogRecPtr commit_lsn)
{
	Decoder *decoder = ctx->output_plugin_private;

	if (decoder->lines > 0)
	{
		envelope_append_commit(outlet_begin_line(decoder->outlet, true),
							   txn->end_lsn, txn->xid, decoder->lines);
		outlet_end_line(decoder->outlet, true);
	}
	outlet_tick(decoder->outlet);
	compat_update_progress(ctx, decoder->lines == 0);
}
