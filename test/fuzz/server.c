/*-------------------------------------------------------------------------
 *
 * server.c
 *	  What the decoder's pure parts call of the server, for programs that are
 *	  none: memory, lists, errors.
 *
 * Strings, JSON's lexer and the like are the server's own, from libpgcommon.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "parser/scansup.h"
#include "regex/regex.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "server.h"

/* What was allocated since server_run() began: each knows the one before. */
typedef struct Chunk
{
	struct Chunk *next;
	struct Chunk *previous;
} __attribute__((aligned(16))) Chunk;

static Chunk chunks = {&chunks, &chunks};
static sigjmp_buf on_error;

MemoryContext CurrentMemoryContext = NULL;
volatile sig_atomic_t InterruptPending = false;

void *
palloc(Size size)
{
	Chunk *chunk = malloc(sizeof(Chunk) + size);

	if (chunk == NULL)
		abort();
	chunk->next = chunks.next;
	chunk->previous = &chunks;
	chunk->next->previous = chunk;
	chunks.next = chunk;
	return chunk + 1;
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void *
palloc_extended(Size size, int flags)
{
	return palloc0(size);
}

void
pfree(void *pointer)
{
	Chunk *chunk = (Chunk *) pointer - 1;

	chunk->next->previous = chunk->previous;
	chunk->previous->next = chunk->next;
	free(chunk);
}

void *
repalloc(void *pointer, Size size)
{
	Chunk *chunk = realloc((Chunk *) pointer - 1, sizeof(Chunk) + size);

	if (chunk == NULL)
		abort();
	chunk->next->previous = chunk;
	chunk->previous->next = chunk;
	return chunk + 1;
}

char *
pnstrdup(const char *text, Size len)
{
	char *copy;

	len = strnlen(text, len);
	copy = palloc(len + 1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *
pstrdup(const char *text)
{
	return pnstrdup(text, strlen(text));
}

void
MemoryContextRegisterResetCallback(MemoryContext context,
								   MemoryContextCallback *callback)
{
}

List *
lappend(List *list, void *datum)
{
	if (list == NULL)
		list = palloc0(sizeof(List));
	list->type = T_List;
	list->elements =
		list->length == 0
			? palloc(sizeof(ListCell))
			: repalloc(list->elements, (list->length + 1) * sizeof(ListCell));
	list->elements[list->length++].ptr_value = datum;
	return list;
}

List *
list_make1_impl(NodeTag type, ListCell datum)
{
	return lappend(NULL, datum.ptr_value);
}

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

bool
scanner_isspace(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

int
pg_mbcliplen(const char *text, int len, int limit)
{
	return Min(len, limit);
}

char *
downcase_truncate_identifier(const char *text, int len, bool warn)
{
	return pnstrdup(text, Min(len, NAMEDATALEN - 1));
}

int
varstr_levenshtein_less_equal(const char *source, int source_len,
							  const char *target, int target_len, int insert,
							  int delete, int substitute, int max, bool trusted)
{
	return max;
}

int
pg_encoding_mb2wchar_with_len(int encoding, const char *from, pg_wchar *to,
							  int len)
{
	for (int i = 0; i < len; i++)
		to[i] = (unsigned char) from[i];
	return len;
}

int
pg_encoding_wchar2mb_with_len(int encoding, const pg_wchar *from, char *to,
							  int len)
{
	return 0;
}

int
pg_regcomp(regex_t *regex, const pg_wchar *pattern, size_t len, int flags,
		   Oid collation)
{
	return REG_OKAY;
}

int
pg_regexec(regex_t *regex, const pg_wchar *text, size_t len, size_t start,
		   rm_detail_t *details, size_t n_matches, regmatch_t matches[],
		   int flags)
{
	return REG_NOMATCH;
}

size_t
pg_regerror(int code, const regex_t *regex, char *message, size_t size)
{
	return strlcpy(message, "error", size);
}

void
pg_regfree(regex_t *regex)
{
}

void
ProcessInterrupts(void)
{
}

bool
errstart(int level, const char *domain)
{
	return true;
}

bool
errstart_cold(int level, const char *domain)
{
	return true;
}

int
errcode(int code)
{
	return 0;
}

/* Formats the message, so that its arguments are read. */
static int
format(const char *text, va_list arguments)
{
	char buffer[256];

	return vsnprintf(buffer, sizeof(buffer), text, arguments);
}

int
errmsg(const char *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	format(text, arguments);
	va_end(arguments);
	return 0;
}

int
errhint(const char *text, ...)
{
	va_list arguments;

	va_start(arguments, text);
	format(text, arguments);
	va_end(arguments);
	return 0;
}

void
errfinish(const char *file, int line, const char *function)
{
	siglongjmp(on_error, 1);
}

bool
server_run(void (*function)(void *), void *argument)
{
	bool succeeded = sigsetjmp(on_error, 0) == 0;

	if (succeeded)
		function(argument);
	while (chunks.next != &chunks)
		pfree(chunks.next + 1);
	return succeeded;
}
