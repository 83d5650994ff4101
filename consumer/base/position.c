/*-------------------------------------------------------------------------
 *
 * base/position.c
 *	  The position of an event: LSN/SEQ, the same after every restart.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "base/position.h"

/* Reads a decimal number of exactly len bytes. */
static bool
parse_seq(const char *text, size_t len, uint32_t *seq)
{
	uint64_t number = 0;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (uint64_t) (text[i] - '0');
	}
	*seq = (uint32_t) number;
	return number <= UINT32_MAX;
}

bool
position_parse(const char *text, size_t len, Position *position)
{
	const char *slash = memrchr(text, '/', len);

	return slash != NULL &&
		   lsn_parse(text, (size_t) (slash - text), &position->lsn) &&
		   parse_seq(slash + 1, (size_t) (text + len - slash - 1),
					 &position->seq);
}

int
position_compare(Position a, Position b)
{
	if (a.lsn != b.lsn)
		return a.lsn < b.lsn ? -1 : 1;
	if (a.seq != b.seq)
		return a.seq < b.seq ? -1 : 1;
	return 0;
}

PositionListItem
position_list_next(const char **cursor, Position *position)
{
	const char *text = *cursor + strspn(*cursor, " \t");
	size_t len = strcspn(text, ", \t");
	const char *rest = text + len + strspn(text + len, " \t");

	if (*text == '\0')
		return POSITION_LIST_END;
	if (!position_parse(text, len, position) || (*rest != ',' && *rest != '\0'))
		return POSITION_LIST_INVALID;
	*cursor = *rest == ',' ? rest + 1 : rest;
	/* Nothing may follow a comma but another one of them. */
	if (*rest == ',' && (*cursor)[strspn(*cursor, " \t")] == '\0')
		return POSITION_LIST_INVALID;
	return POSITION_LIST_ITEM;
}
