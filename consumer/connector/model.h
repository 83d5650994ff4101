/*-------------------------------------------------------------------------
 *
 * connector/model.h
 *	  A connector of Kafka Connect: its name and its properties.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PG_OUTBOX_CONNECTOR_MODEL_H
#define PG_OUTBOX_CONNECTOR_MODEL_H

#include <stdbool.h>
#include <stddef.h>

/* Where a connector runs, which decides how it is stopped. */
typedef enum ConnectorHome
{
	HOME_CONNECT,    /* a Connect with a REST interface */
	HOME_STANDALONE, /* a file of a standalone Connect */
	HOME_STRIMZI,    /* a KafkaConnector of Kubernetes */
	HOME_SERVER      /* Debezium Server */
} ConnectorHome;

typedef struct Property
{
	char *name;
	char *value;
	bool used; /* something was made of it, or said about it */
} Property;

typedef struct Connector
{
	char *name;
	ConnectorHome home;
	Property *properties;
	size_t count;
} Connector;

typedef struct ConnectorList
{
	Connector *items;
	size_t count;
} ConnectorList;

/* Adds a connector; name is copied.  It is valid until the next one is added.
 */
extern Connector *connector_add(ConnectorList *list, const char *name,
								ConnectorHome home);
extern void connector_list_free(ConnectorList *list);

/* Sets a property, both copied; the last value counts. */
extern void connector_set(Connector *connector, const char *name,
						  const char *value);

/* The property of that name, or NULL; owned by the connector. */
extern Property *connector_find(const Connector *connector, const char *name);

/* Its value, or NULL if it is missing or blank; it counts as used. */
extern const char *connector_take(Connector *connector, const char *name);

/* The same of "PREFIX.NAME". */
extern const char *connector_take_of(Connector *connector, const char *prefix,
									 const char *name);

/* Tells whether a property is set to true. */
extern bool connector_is_true(Connector *connector, const char *name);

#endif /* PG_OUTBOX_CONNECTOR_MODEL_H */
