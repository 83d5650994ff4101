/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  All that differs between PostgreSQL 13 and 19, in one place.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_COMPAT_H
#define PG_OUTBOX_COMPAT_H

#include "access/xlog.h"
#include "catalog/pg_attribute.h"
#include "common/jsonapi.h"
#include "replication/logical.h"
#include "replication/message.h"
#include "replication/output_plugin.h"
#include "replication/reorderbuffer.h"
#include "replication/slot.h"

#if PG_VERSION_NUM >= 150000
#include "access/xlogrecovery.h"
#endif
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "fmgr.h"
#include "mb/pg_wchar.h"

/* 13 prints LSNs with its own casts. */
#ifndef LSN_FORMAT_ARGS
#define LSN_FORMAT_ARGS(lsn) ((uint32) ((lsn) >> 32)), ((uint32) (lsn))
#endif

/* 17 hands the tuple over without its ReorderBufferTupleBuf (08e6344fd6). */
#if PG_VERSION_NUM >= 170000
#define COMPAT_TUPLE(t) (t)
#else
#define COMPAT_TUPLE(t) ((t) ? &(t)->tuple : NULL)
#endif

/*
 * The commit time moved into a union with prepare and abort time in 15, which
 * has no name since 19.
 */
#if PG_VERSION_NUM >= 150000 && PG_VERSION_NUM < 190000
#define COMPAT_COMMIT_TIME(txn) ((txn)->xact_time.commit_time)
#else
#define COMPAT_COMMIT_TIME(txn) ((txn)->commit_time)
#endif

/* 19 spells the type of a replication origin out. */
#if PG_VERSION_NUM < 190000
typedef RepOriginId ReplOriginId;
#define InvalidReplOriginId InvalidRepOriginId
#endif

/* 15 wants to know whether the transaction was skipped (d5a9d86d8f). */
#if PG_VERSION_NUM >= 150000
#define compat_update_progress(ctx, skipped) \
	OutputPluginUpdateProgress((ctx), (skipped))
#else
#define compat_update_progress(ctx, skipped) OutputPluginUpdateProgress(ctx)
#endif

/* 16 reports progress inside a transaction for every plugin (8c58624df4). */
#define COMPAT_REPORTS_PROGRESS (PG_VERSION_NUM >= 160000)

/* 18 has generated columns that are not stored, so not in the WAL either. */
#ifdef ATTRIBUTE_GENERATED_VIRTUAL
#define COMPAT_IS_VIRTUAL(att) \
	((att)->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL)
#else
#define COMPAT_IS_VIRTUAL(att) false
#endif

/* 15 asks for the timeline, too; on a standby all that is replayed counts. */
static inline XLogRecPtr
compat_flushed_position(void)
{
	if (RecoveryInProgress())
		return GetXLogReplayRecPtr(NULL);
#if PG_VERSION_NUM >= 150000
	return GetFlushRecPtr(NULL);
#else
	return GetFlushRecPtr();
#endif
}

/*
 * 17 lets a failover slot wait, whenever a page of WAL is read, until standbys
 * have what is flushed (walsender.c, NeedToWaitForStandbys).
 */
static inline bool
compat_waits_for_standbys(void)
{
#if PG_VERSION_NUM >= 170000
	return MyReplicationSlot->data.failover &&
		   synchronized_standby_slots != NULL &&
		   *synchronized_standby_slots != '\0';
#else
	return false;
#endif
}

/* 17 takes a lexer to fill in, and a const text. */
static inline JsonLexContext *
compat_json_lexer(const char *text, int len, int encoding)
{
#if PG_VERSION_NUM >= 170000
	return makeJsonLexContextCstringLen(NULL, text, len, encoding, false);
#else
	return makeJsonLexContextCstringLen(unconstify(char *, text), len, encoding,
										false);
#endif
}

/* 18 gives modules a name and a version. */
#ifdef PG_MODULE_MAGIC_EXT
#define COMPAT_MODULE_MAGIC \
	PG_MODULE_MAGIC_EXT(.name = "pg_outbox", .version = PG_OUTBOX_VERSION)
#else
#define COMPAT_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/*
 * Converts text to UTF-8; false if not all of it can be.  Before 14 conversions
 * know no other way to say so than an ERROR: it is caught here, which is safe
 * because the function is plain C code that holds no lock and no reference when
 * it raises it.
 */
static inline bool
compat_convert_to_utf8(Oid conversion, int encoding, const char *text, int len,
					   char *result, int size)
{
#if PG_VERSION_NUM >= 140000
	return pg_do_encoding_conversion_buf(conversion, encoding, PG_UTF8,
										 (unsigned char *) unconstify(char *,
																	  text),
										 len, (unsigned char *) result, size,
										 true) == len;
#else
	MemoryContext context = CurrentMemoryContext;
	volatile bool converted = true;

	PG_TRY();
	{
		OidFunctionCall5(conversion, Int32GetDatum(encoding),
						 Int32GetDatum(PG_UTF8), CStringGetDatum(text),
						 CStringGetDatum(result), Int32GetDatum(len));
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		if (geterrcode() != ERRCODE_UNTRANSLATABLE_CHARACTER &&
			geterrcode() != ERRCODE_CHARACTER_NOT_IN_REPERTOIRE)
			PG_RE_THROW();
		FlushErrorState();
		converted = false;
	}
	PG_END_TRY();
	return converted;
#endif
}

/* 17 may flush a message at once; a transactional one is flushed by its commit.
 */
static inline void
compat_log_message(const char *prefix, const char *message, size_t size)
{
#if PG_VERSION_NUM >= 170000
	LogLogicalMessage(prefix, message, size, true, false);
#else
	LogLogicalMessage(prefix, message, size, true);
#endif
}

/* 15 can refuse settings of a prefix that nobody defined. */
#if PG_VERSION_NUM >= 150000
#define compat_reserve_settings(prefix) MarkGUCPrefixReserved(prefix)
#else
#define compat_reserve_settings(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

#if PG_VERSION_NUM < 160000
extern PGDLLEXPORT void _PG_init(void);
extern PGDLLEXPORT void _PG_output_plugin_init(OutputPluginCallbacks *cb);
#endif

#endif /* PG_OUTBOX_COMPAT_H */
