/*-------------------------------------------------------------------------
 *
 * empty_plugin.c
 *	  Output plugin that drops everything: what decoding itself costs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "replication/logical.h"
#include "replication/output_plugin.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_output_plugin_init(OutputPluginCallbacks *cb);

/* Begins a decoding. */
static void
startup(LogicalDecodingContext *ctx, OutputPluginOptions *opt, bool is_init)
{
	opt->output_type = OUTPUT_PLUGIN_TEXTUAL_OUTPUT;
}

/* Begins a transaction. */
static void
begin(LogicalDecodingContext *ctx, ReorderBufferTXN *txn)
{
}

/* Takes a change. */
static void
change(LogicalDecodingContext *ctx, ReorderBufferTXN *txn, Relation relation,
	   ReorderBufferChange *change)
{
}

/* Ends a transaction. */
static void
commit(LogicalDecodingContext *ctx, ReorderBufferTXN *txn,
	   XLogRecPtr commit_lsn)
{
}

void
_PG_output_plugin_init(OutputPluginCallbacks *cb)
{
	cb->startup_cb = startup;
	cb->begin_cb = begin;
	cb->change_cb = change;
	cb->commit_cb = commit;
}
