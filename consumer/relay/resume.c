/*-------------------------------------------------------------------------
 *
 * relay/resume.c
 *	  From where exactly-once delivery publishes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres/timeline.h"
#include "relay/resume.h"

/* Nothing is known to be published. */
static ResumeKind
at_slot(ResumeKind kind, const ResumeServer *server, StateRecord *position)
{
	*position = (StateRecord){.timeline = server->timeline};
	return kind;
}

ResumeKind
resume_decide(const StateRecord *state, const ResumeServer *server,
			  StateRecord *position)
{
	Lsn end;

	if (state->lsn == 0)
		return at_slot(RESUME_NO_STATE, server, position);
	*position = *state;
	position->timeline = server->timeline;
	if (state->timeline == server->timeline)
		return state->lsn <= server->end
				   ? RESUME_STATE
				   : at_slot(RESUME_AHEAD_OF_SERVER, server, position);
	if (state->timeline > server->timeline ||
		timeline_find_end(server->history, state->timeline, &end) !=
			TIMELINE_ENDED)
		return at_slot(RESUME_OTHER_HISTORY, server, position);
	if (state->lsn <= end)
		return RESUME_STATE;
	position->lsn = end;
	position->events = 0;
	return RESUME_TIMELINE_END;
}
