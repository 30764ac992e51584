/*
 * Narrows what a station may do at the broker, for Mosquitto 2.0 (mosquitto_plugin.h, version 5 of its interface).
 *
 * Mosquitto's own acl_file lets a user publish and hear by patterns, but it grants every SUBSCRIBE, it can't tell which
 * stations the county knows, and with a line for each topic of each station it is read in quadratic time. So acl_file
 * has patterns alone, and this plugin is asked first. It only ever takes away: it says "denied", or it says nothing and
 * acl_file decides.
 *
 *   plugin_opt_stations FILE   the stations that may connect, a line each: NAME SHARD SHARD
 *   plugin_opt_hears LEAVES    the leaves that a station may subscribe to, with a blank between two
 *   plugin_opt_port PORT       the port of the listener
 *
 * Every TELL_S it tells the county's ingest workers which stations were denied anything, were cut, or went often, on a topic
 * on which no station may speak: cunhui/1/SHARD/NAME/refused. server_broker/broker/refusals.py reads it and decides what is
 * much.
 *
 * Mosquitto loads it once for each listener, so nothing is kept in static variables. Mosquitto has one thread; the
 * plugin has another, which sees to it that no client keeps that one for itself (turns.h).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#include "turns.h"

#define LINE_BYTES 64  /* a station's name has at most 32 bytes (protocol/topics.py), a shard three digits */
#define TOPIC_BYTES 128
#define HIGHEST_QOS 1 /* at least once */

/*
 * A token bucket for each station, so that a flood ends here, before the queue that all stations share. An honest station
 * has one message under way and is far below: 500 a second are a backlog of 200,000 facts in two minutes. Each filter of a
 * SUBSCRIBE or an UNSUBSCRIBE counts as a message; an honest station has six each time it connects.
 */
#define MESSAGES_A_SECOND 500.0
#define MESSAGES_AT_ONCE 2000.0
#define BYTES_OF_A_MESSAGE 4096.0 /* so many bytes of payload, or of a filter, count as another */
/*
 * Whoever goes on beyond that is disconnected. Mosquitto 2.0.21 reads from a TLS connection as long as packets go over the
 * borders of TLS records, and serves nobody else meanwhile: a denial of each message alone stopped everybody.
 */
#define DENIED_AT_MOST 200.0

/* What a message has beside its topic and payload: headers, TLS records, and the acknowledgement of a delivery. */
#define OVERHEAD_BYTES 256
/* What a filter has beside itself (MQTT 5.0, 3.8.3): thousands of them may be in one packet. */
#define FILTER_OVERHEAD_BYTES 3
#define TELL_S 5.0
/* So many ends of connections within TELL_S are told. An honest station waits a second before it comes back. */
#define ENDED_WORTH_TELLING 10

struct station {
    char name[LINE_BYTES];
    unsigned shards[2]; /* in which it may speak */
    double allowance; /* messages, as it stood at `at`; below zero: so many were denied */
    double at;        /* monotonic, s */
    unsigned denied, cut, ended; /* requests and connections, since it was told */
};

struct gate {
    mosquitto_plugin_id_t *id;
    struct turns *turns;
    char last_ended[LINE_BYTES]; /* the station whose connection ended last */
    double told_at;              /* monotonic, s */
    char *file;
    char *leaves;
    unsigned port;
    struct station *stations;
    size_t count;
};

int mosquitto_plugin_version(int supported_count, const int *supported)
{
    for (int i = 0; i < supported_count; i++) {
        if (supported[i] == 5) return 5;
    }
    return -1;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct station *)a)->name, ((const struct station *)b)->name);
}

static double monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Return the station of a name, or NULL. The stations are sorted by name. */
static struct station *find(struct station *stations, size_t count, const char *name)
{
    struct station wanted;

    if (name == NULL || strlen(name) >= sizeof wanted.name || count == 0) return NULL;
    strcpy(wanted.name, name);
    return bsearch(&wanted, stations, count, sizeof *stations, by_name);
}

/* Spend what a request costs, and tell whether the station had so much left. */
static bool spend(struct station *station, double price)
{
    double now = monotonic();

    station->allowance += (now - station->at) * MESSAGES_A_SECOND;
    if (station->allowance > MESSAGES_AT_ONCE) station->allowance = MESSAGES_AT_ONCE;
    station->at = now;
    if (station->allowance < price) return false;
    station->allowance -= price;
    return true;
}

/* Deny a request. If the station has spent all and asks on it is disconnected. */
static int deny(struct station *station, const struct mosquitto *client)
{
    station->denied++;
    if (spend(station, 1.0)) return MOSQ_ERR_ACL_DENIED;
    if (station->allowance > 0) station->allowance = 0;
    station->allowance -= 1.0;
    if (station->allowance < -DENIED_AT_MOST) {
        station->allowance = -DENIED_AT_MOST;
        mosquitto_kick_client_by_clientid(mosquitto_client_id(client), false);
    }
    return MOSQ_ERR_ACL_DENIED;
}

/* Let a message or a filter of so many bytes through if the station can pay for it. */
static int charge(const struct gate *gate, struct station *station, const struct mosquitto *client, size_t bytes,
                  size_t overhead_bytes)
{
    if (!spend(station, 1.0 + (double)bytes / BYTES_OF_A_MESSAGE)) return deny(station, client);
    turns_let_through(gate->turns, bytes + overhead_bytes);
    return MOSQ_ERR_PLUGIN_DEFER;
}

/* Read the list anew. If it can't be read nobody is on it: a station that was revoked must not stay by an accident. */
static void read_stations(struct gate *gate)
{
    struct station *stations = NULL, *old = gate->stations, one;
    const struct station *before;
    size_t count = 0, room = 0, old_count = gate->count;
    char line[LINE_BYTES];
    FILE *file = fopen(gate->file, "re");

    gate->stations = NULL;
    gate->count = 0;
    if (file == NULL) {
        free(old);
        mosquitto_log_printf(MOSQ_LOG_ERR, "the list of stations can't be read, so no station may do anything");
        return;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#' || sscanf(line, "%32s %u %u", one.name, &one.shards[0], &one.shards[1]) != 3) continue;
        if (count == room) {
            struct station *more = realloc(stations, (room = room * 2 + 64) * sizeof *stations);
            if (more == NULL) {
                mosquitto_log_printf(MOSQ_LOG_ERR, "no memory for the list of stations, so no station may do anything");
                free(stations);
                free(old);
                fclose(file);
                return;
            }
            stations = more;
        }
        /* A reload, such as another station's revocation, fills no bucket. */
        before = find(old, old_count, one.name);
        one.allowance = before != NULL ? before->allowance : MESSAGES_AT_ONCE;
        one.at = before != NULL ? before->at : monotonic();
        one.denied = before != NULL ? before->denied : 0;
        one.cut = before != NULL ? before->cut : 0;
        one.ended = before != NULL ? before->ended : 0;
        stations[count++] = one;
    }
    fclose(file);
    free(old);
    if (count > 0) qsort(stations, count, sizeof *stations, by_name);
    gate->stations = stations;
    gate->count = count;
}

/* Tell whether a station hears this leaf: it is one whole word of the list. */
static bool hears(const struct gate *gate, const char *leaf)
{
    size_t length = strcspn(leaf, " "); /* a filter may have blanks, and then it is two words of the list */
    if (leaf[length] != '\0') return false;
    for (const char *at = gate->leaves; length > 0 && (at = strstr(at, leaf)) != NULL; at += length) {
        bool begins = at == gate->leaves || at[-1] == ' ';
        if (begins && (at[length] == ' ' || at[length] == '\0')) return true;
    }
    return false;
}

/* Return the length of the station's own beginning of a topic in a shard, or 0 if the topic begins in another way. */
static size_t begins_own(const struct station *station, unsigned shard, const char *topic)
{
    char own[TOPIC_BYTES];
    int length = snprintf(own, sizeof own, "cunhui/1/%u/%s/", shard, station->name);
    return strncmp(topic, own, (size_t)length) == 0 ? (size_t)length : 0;
}

static int judge(int event, void *event_data, void *user_data)
{
    const struct mosquitto_evt_acl_check *asked = event_data;
    const struct gate *gate = user_data;
    struct station *station;
    size_t length = 0, topic_bytes = strlen(asked->topic);

    (void)event;
    station = find(gate->stations, gate->count, mosquitto_client_username(asked->client));
    if (station == NULL) return MOSQ_ERR_ACL_DENIED;
    /* Who speaks an older MQTT is told nothing of what is denied; Mosquitto 2.0 has no option that refuses it. */
    if (mosquitto_client_protocol_version(asked->client) != 5) return deny(station, asked->client);
    if (asked->access == MOSQ_ACL_UNSUBSCRIBE)
        return charge(gate, station, asked->client, topic_bytes, FILTER_OVERHEAD_BYTES);
    for (int i = 0; i < 2 && length == 0; i++) length = begins_own(station, station->shards[i], asked->topic);
    if (length == 0) return deny(station, asked->client);
    if (asked->access == MOSQ_ACL_READ) {
        turns_let_through(gate->turns, OVERHEAD_BYTES);
        return MOSQ_ERR_PLUGIN_DEFER;
    }
    if (asked->access == MOSQ_ACL_SUBSCRIBE) {
        if (!hears(gate, asked->topic + length)) return deny(station, asked->client);
        return charge(gate, station, asked->client, topic_bytes, FILTER_OVERHEAD_BYTES);
    }
    /* Mosquitto 2.0.21 forgets max_qos when it reads its files again. */
    if (asked->qos > HIGHEST_QOS) return deny(station, asked->client);
    return charge(gate, station, asked->client, asked->payloadlen, topic_bytes + OVERHEAD_BYTES);
}

/* Asked about each PUBLISH before judge. The contract's messages have no properties (3.3.2.3), and no bound of Mosquitto
 * counts their bytes: a message of one byte with 60 kB of them would wait in its queue as one byte. */
static int judge_properties(int event, void *event_data, void *user_data)
{
    const struct mosquitto_evt_message *came = event_data;
    const struct gate *gate = user_data;
    struct station *station;

    (void)event;
    if (came->properties == NULL) return MOSQ_ERR_SUCCESS;
    station = find(gate->stations, gate->count, mosquitto_client_username(came->client));
    return station != NULL ? deny(station, came->client) : MOSQ_ERR_ACL_DENIED;
}

/* Note whose connection was cut: the one that ended last before the broker closed it. */
static void note_cut(struct gate *gate)
{
    struct station *station;

    if (!turns_closed_cut(gate->turns)) return;
    station = find(gate->stations, gate->count, gate->last_ended);
    if (station != NULL) station->cut++;
    mosquitto_log_printf(MOSQ_LOG_WARNING, "cut: %s kept the broker from all others", gate->last_ended);
}

/* A connection ends; the broker closes it after this. */
static int ended(int event, void *event_data, void *user_data)
{
    const struct mosquitto_evt_disconnect *ends = event_data;
    struct gate *gate = user_data;
    struct station *station = find(gate->stations, gate->count, mosquitto_client_username(ends->client));

    (void)event;
    note_cut(gate);
    snprintf(gate->last_ended, sizeof gate->last_ended, "%s", station != NULL ? station->name : "a stranger");
    if (station != NULL) station->ended++;
    return MOSQ_ERR_SUCCESS;
}

/* Tell the county which stations were denied anything, were cut, or went often since the last time. */
static void tell(struct gate *gate)
{
    char topic[TOPIC_BYTES], said[TOPIC_BYTES];

    for (size_t i = 0; i < gate->count; i++) {
        struct station *station = &gate->stations[i];
        if (station->denied > 0 || station->cut > 0 || station->ended >= ENDED_WORTH_TELLING) {
            snprintf(topic, sizeof topic, "cunhui/1/%u/%s/refused", station->shards[0], station->name);
            int length = snprintf(said, sizeof said, "{\"denied\":%u,\"cut\":%u,\"ended\":%u}", station->denied,
                                  station->cut, station->ended);
            mosquitto_broker_publish_copy(NULL, topic, length, said, 0, false, NULL);
        }
        station->denied = station->cut = station->ended = 0;
    }
}

static int turned(int event, void *event_data, void *user_data)
{
    struct gate *gate = user_data;

    (void)event;
    (void)event_data;
    note_cut(gate);
    turns_next(gate->turns);
    if (monotonic() - gate->told_at >= TELL_S) {
        tell(gate);
        gate->told_at = monotonic();
    }
    return MOSQ_ERR_SUCCESS;
}

static int reload(int event, void *event_data, void *user_data)
{
    (void)event;
    (void)event_data;
    read_stations(user_data);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *id, void **user_data, struct mosquitto_opt *options, int count)
{
    struct gate *gate = calloc(1, sizeof *gate);
    int failed;

    if (gate == NULL) return MOSQ_ERR_NOMEM;
    *user_data = gate;
    gate->id = id;
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].key, "stations") == 0) gate->file = strdup(options[i].value);
        if (strcmp(options[i].key, "hears") == 0) gate->leaves = strdup(options[i].value);
        if (strcmp(options[i].key, "port") == 0) gate->port = (unsigned)strtoul(options[i].value, NULL, 10);
    }
    if (gate->file == NULL || gate->leaves == NULL) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "the plugin lacks plugin_opt_stations or plugin_opt_hears");
        return MOSQ_ERR_INVAL;
    }
    read_stations(gate);
    gate->told_at = monotonic();
    failed = mosquitto_callback_register(id, MOSQ_EVT_ACL_CHECK, judge, NULL, gate);
    failed = failed ? failed : mosquitto_callback_register(id, MOSQ_EVT_MESSAGE, judge_properties, NULL, gate);
    failed = failed ? failed : mosquitto_callback_register(id, MOSQ_EVT_RELOAD, reload, NULL, gate);
    failed = failed ? failed : mosquitto_callback_register(id, MOSQ_EVT_TICK, turned, NULL, gate);
    failed = failed ? failed : mosquitto_callback_register(id, MOSQ_EVT_DISCONNECT, ended, NULL, gate);
    if (failed) return failed;
    gate->turns = turns_begin(gate->port);
    if (gate->turns == NULL) mosquitto_log_printf(MOSQ_LOG_ERR, "no thread: a client may keep all others waiting");
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *user_data, struct mosquitto_opt *options, int count)
{
    struct gate *gate = user_data;

    (void)options;
    (void)count;
    if (gate == NULL) return MOSQ_ERR_SUCCESS;
    mosquitto_callback_unregister(gate->id, MOSQ_EVT_ACL_CHECK, judge, NULL);
    mosquitto_callback_unregister(gate->id, MOSQ_EVT_MESSAGE, judge_properties, NULL);
    mosquitto_callback_unregister(gate->id, MOSQ_EVT_RELOAD, reload, NULL);
    mosquitto_callback_unregister(gate->id, MOSQ_EVT_TICK, turned, NULL);
    mosquitto_callback_unregister(gate->id, MOSQ_EVT_DISCONNECT, ended, NULL);
    turns_end(gate->turns);
    free(gate->stations);
    free(gate->leaves);
    free(gate->file);
    free(gate);
    return MOSQ_ERR_SUCCESS;
}
