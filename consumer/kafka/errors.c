/*-------------------------------------------------------------------------
 *
 * kafka/errors.c
 *	  Which errors of the brokers are logged, and when.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "kafka/errors.h"

/* An error that did not come for so long, in ms, is a new one when it does. */
#define QUIET_MS (10 * 60000)

/* The first librdkafka whose SCRAM brokers of Kafka 4 take: 2.6.1.  Earlier
 * ones send the client's nonce twice (librdkafka #4895), which 4.0 refuses as
 * it refuses a wrong password. */
#define STRICT_SCRAM 0x020601ff

/* Events in flight of which none is delivered for so long, in ms, wait. */
#define STALL_MS 5000

/* The kind of an error. */
static KafkaErrorKind
kind_of(rd_kafka_resp_err_t code)
{
	switch (code)
	{
		case RD_KAFKA_RESP_ERR__TRANSPORT:
		case RD_KAFKA_RESP_ERR__RESOLVE:
		case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
		case RD_KAFKA_RESP_ERR__TIMED_OUT:
			return KAFKA_ERROR_UNREACHABLE;
		case RD_KAFKA_RESP_ERR__AUTHENTICATION:
		case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
		case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
			return KAFKA_ERROR_AUTHENTICATION;
		case RD_KAFKA_RESP_ERR__SSL:
			return KAFKA_ERROR_TLS;
		default:
			return KAFKA_ERROR_OTHER;
	}
}

bool
kafka_errors_is_due(KafkaErrors *errors, rd_kafka_resp_err_t code,
					bool in_flight, int64_t now_ms)
{
	KafkaErrorKind kind = kind_of(code);
	Outage *outage = &errors->kinds[kind].outage;
	bool due;

	/* That is a consequence of what was reported for each of them before. */
	if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && errors->waiting)
		return false;
	if (now_ms - errors->kinds[kind].last_ms > QUIET_MS)
		outage_end(outage);
	errors->kinds[kind].last_ms = now_ms;
	due = outage_is_due(outage, now_ms);
	/* It was over, and now events wait: that is another outage. */
	if (!due && !errors->waiting && in_flight &&
		now_ms - errors->delivered_ms > STALL_MS)
	{
		outage_end(outage);
		due = outage_is_due(outage, now_ms);
	}
	/* Of a single broker it matters only if it lasts. */
	if (!due && code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		return false;
	if (!errors->waiting)
		errors->waiting_ms = now_ms;
	errors->waiting = true;
	errors->told |= due;
	return due;
}

int64_t
kafka_errors_lasted(const KafkaErrors *errors, rd_kafka_resp_err_t code,
					int64_t now_ms)
{
	return outage_lasted(&errors->kinds[kind_of(code)].outage, now_ms);
}

const char *
kafka_errors_hint(rd_kafka_resp_err_t code, const char *text, int version)
{
	if (kind_of(code) == KAFKA_ERROR_AUTHENTICATION && version < STRICT_SCRAM &&
		strstr(text, "SCRAM") != NULL)
		return ". Hint: if the password is right, the brokers are of Kafka 4, "
			   "whose SCRAM needs librdkafka 2.6.1 or later";
	return "";
}

bool
kafka_errors_delivered(KafkaErrors *errors, int64_t now_ms, int64_t *waited_ms)
{
	bool told = errors->waiting && errors->told;

	errors->delivered_ms = now_ms;
	*waited_ms = errors->waiting ? now_ms - errors->waiting_ms : 0;
	errors->waiting = false;
	errors->told = false;
	return told;
}
