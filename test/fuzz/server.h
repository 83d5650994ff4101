/*-------------------------------------------------------------------------
 *
 * server.h
 *	  What the decoder's pure parts call of the server, for programs that are
 *	  none.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_TEST_SERVER_H
#define PG_OUTBOX_TEST_SERVER_H

/*
 * Calls a function, and frees afterwards all that it palloc'd.  Returns false
 * if it raised an ERROR.
 */
extern bool server_run(void (*function)(void *), void *argument);

#endif /* PG_OUTBOX_TEST_SERVER_H */
