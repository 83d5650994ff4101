/*-------------------------------------------------------------------------
 *
 * outlet.c
 *	  When lines leave the server: one by one, or gathered.
 *
 * A protocol message per event costs the server more than decoding the event:
 * a send and a look for replies each.  So for a client that asks for it, lines
 * gather in a buffer and leave as one message, separated by line feeds, when
 *	1. the buffer is full (a large transaction is cut there), or
 *	2. the decoder is about to wait, for WAL or for a standby, or
 *	3. the oldest line is 10 ms old.
 *
 * A plugin is not told that the decoder is about to wait.  But the walsender
 * waits in one place only, when the reader fetches a page of WAL (walsender.c,
 * logical_read_xlog_page and WalSndWaitForWal), and that function is wrapped
 * here.  It waits for a page that lies behind what is flushed.  For a failover
 * slot it also waits until the standbys in synchronized_standby_slots have all
 * that is flushed.  How far they are may change between a look here and its
 * own, so then lines leave before each page.
 *
 * Why that is safe.  The server knows nothing of the buffer: a keepalive may
 * name a position behind lines that are still in it, so no position in a
 * keepalive means anything to the client.  It may trust commit and position
 * lines alone, since these stand in the buffer behind all that they speak of.
 * A position line says that every transaction which committed before its LSN
 * has been written above; that LSN is the end of the last record read, and
 * when the next page is asked for all records before it have been decoded.
 * What is in the buffer when the connection ends was never confirmed, and is
 * decoded again.
 *
 * Position lines keep an idle or irrelevant database from pinning WAL.  They
 * are written while waiting once WAL moved by a page or a second has passed,
 * and while reading on every second.  When the server stops it asks for the
 * same page again without having read a record: then it needs the exact end
 * confirmed (WalSndDone), and gets it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlogreader.h"
#include "replication/slot.h"
#include "replication/walsender.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "envelope.h"
#include "options.h"
#include "outlet.h"

/* The longest that a line waits, in ms. */
#define LINE_AGE_MS 10

/* The longest that a moved position waits to be reported, in ms ... */
#define POSITION_AGE_MS 1000

/* ... and in bytes, when the decoder is about to wait. */
#define POSITION_BYTES XLOG_BLCKSZ

/* A buffer larger than this is not kept. */
#define KEEP_BYTES (2 * COALESCE_LIMIT)

struct Outlet
{
	LogicalDecodingContext *ctx;
	int coalesce;             /* bytes; 0 = each line at once */
	XLogPageReadCB read_page; /* the reader's own */

	StringInfoData lines; /* gathered, separated by line feeds */
	TimestampTz oldest;   /* when the first of them was written */

	XLogRecPtr reported;     /* the last commit or position written */
	TimestampTz reported_at; /* when */
	XLogRecPtr flushed;      /* what was flushed when last looked */
	XLogRecPtr waited_at;    /* where the decoder was when it last waited */
};

/* Makes an empty buffer that lives as long as the decoding. */
static void
make_buffer(Outlet *outlet)
{
	MemoryContext old = MemoryContextSwitchTo(outlet->ctx->context);

	initStringInfo(&outlet->lines);
	MemoryContextSwitchTo(old);
}

/* Sends what was gathered as one protocol message. */
static void
send_lines(Outlet *outlet)
{
	LogicalDecodingContext *ctx = outlet->ctx;

	if (outlet->lines.len == 0)
		return;
	/* Not as OutputPluginWrite() does: this may be outside of a callback. */
	ctx->prepare_write(ctx, InvalidXLogRecPtr, InvalidTransactionId, false);
	appendBinaryStringInfo(ctx->out, outlet->lines.data, outlet->lines.len);
	ctx->write(ctx, InvalidXLogRecPtr, InvalidTransactionId, false);
	resetStringInfo(&outlet->lines);

	/* What a single large event took is given back. */
	if (outlet->lines.maxlen > KEEP_BYTES)
	{
		pfree(outlet->lines.data);
		make_buffer(outlet);
	}
}

/* Adds a line to those that were gathered, and returns where it begins. */
static StringInfo
gather_line(Outlet *outlet)
{
	if (outlet->lines.len == 0)
		outlet->oldest = GetCurrentTimestamp();
	else
		appendStringInfoChar(&outlet->lines, '\n');
	return &outlet->lines;
}

/* Notes that all before a position is written. */
static void
note_reported(Outlet *outlet, XLogRecPtr position)
{
	outlet->reported = position;
	outlet->reported_at = GetCurrentTimestamp();
}

/* Writes a position line if one is due where the reader stands. */
static void
report_position(Outlet *outlet, bool waits)
{
	XLogRecPtr position = outlet->ctx->reader->EndRecPtr;
	bool again = waits && position == outlet->waited_at;

	if (waits)
		outlet->waited_at = position;
	if (position <= outlet->reported)
		return;
	if (!again && !(waits && position - outlet->reported >= POSITION_BYTES) &&
		!TimestampDifferenceExceeds(outlet->reported_at, GetCurrentTimestamp(),
									POSITION_AGE_MS))
		return;
	envelope_append_position(gather_line(outlet), position);
	note_reported(outlet, position);
}

/* Reads a page of WAL, after a look at what has to leave before. */
static int
read_page(XLogReaderState *reader, XLogRecPtr page, int length,
		  XLogRecPtr record, char *buffer)
{
	LogicalDecodingContext *ctx = reader->private_data;
	Outlet *outlet = *(Outlet **) ctx->output_plugin_private;
	bool waits = false;

	if (page + length > outlet->flushed)
	{
		outlet->flushed = compat_flushed_position();
		waits = page + length > outlet->flushed;
	}
	report_position(outlet, waits);
	if (waits || compat_waits_for_standbys())
		send_lines(outlet);
	else
		outlet_tick(outlet);
	return outlet->read_page(reader, page, length, record, buffer);
}

Outlet *
outlet_create(LogicalDecodingContext *ctx, int coalesce)
{
	Outlet *outlet = palloc0(sizeof(Outlet));

	outlet->ctx = ctx;
	outlet->coalesce = coalesce;
	if (coalesce == 0)
		return outlet;

	/* The SQL functions run in a transaction, START_REPLICATION does not. */
	if (!am_walsender || IsTransactionState())
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("option \"coalesce\" is for streaming "
							   "replication only")));
	make_buffer(outlet);
	note_reported(outlet, MyReplicationSlot->data.confirmed_flush);
	outlet->read_page = ctx->reader->routine.page_read;
	ctx->reader->routine.page_read = read_page;
	return outlet;
}

StringInfo
outlet_begin_line(Outlet *outlet, bool last_of_transaction)
{
	if (outlet->coalesce > 0)
		return gather_line(outlet);
	OutputPluginPrepareWrite(outlet->ctx, last_of_transaction);
	return outlet->ctx->out;
}

void
outlet_end_line(Outlet *outlet, bool last_of_transaction)
{
	if (outlet->coalesce == 0)
	{
		OutputPluginWrite(outlet->ctx, last_of_transaction);
		return;
	}
	if (last_of_transaction)
		note_reported(outlet, outlet->ctx->write_location);
	if (outlet->lines.len >= outlet->coalesce)
		send_lines(outlet);
}

void
outlet_tick(Outlet *outlet)
{
	if (outlet->lines.len > 0 &&
		TimestampDifferenceExceeds(outlet->oldest, GetCurrentTimestamp(),
								   LINE_AGE_MS))
		send_lines(outlet);
}
