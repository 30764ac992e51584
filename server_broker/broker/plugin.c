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
 * Mosquitto loads it once for each listener, so nothing is kept in static variables. Mosquitto has one thread; the
 * plugin has another, which sees to it that no client keeps that one for itself (watch_turns).
 */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#define LINE_BYTES 64  /* a station's name has at most 32 bytes (protocol/topics.py), a shard three digits */
#define TOPIC_BYTES 128
#define WRITES_AT_MOST_ONCE_OR_AT_LEAST_ONCE 1

/*
 * A token bucket for each station, so that a flood ends here, before the queue that all stations share. An honest station
 * has one message under way and is far below: 500 a second are a backlog of 200,000 facts in two minutes.
 */
#define MESSAGES_A_SECOND 500.0
#define MESSAGES_AT_ONCE 2000.0
#define BYTES_OF_A_MESSAGE 4096.0 /* so many bytes more count as another message */
/*
 * Whoever goes on beyond that is disconnected. Mosquitto 2.0.21 reads from a TLS connection as long as packets go over the
 * borders of TLS records, and serves nobody else meanwhile: a denial of each message alone stopped everybody.
 */
#define DENIED_AT_MOST 200.0

/*
 * No plugin is asked about PINGREQ, PUBACK and the like, and Mosquitto goes on reading from a TLS connection as above
 * whatever the packets are. So a thread cuts the connection from which alone the broker still reads when a turn of its
 * loop has taken so much time on a core. A reload of the lists reads from nobody; a turn that is long because many
 * connect reads from many.
 */
#define LOOK_MS 10
#define HELD_MS 50.0
#define MAX_SOCKETS 65536
/*
 * What a station is sent leaves at most so fast, and little of it waits in the kernel. 8,192 PINGREQs fit into a TLS
 * record, and Mosquitto answers all of them in one turn. Each answer that is written costs it much more than the packet
 * that is read; beyond this pace answers to PINGREQ are not written.
 */
#define SENT_BYTES_A_SECOND 131072
#define UNSENT_BYTES 32768

struct station {
    char name[LINE_BYTES];
    unsigned shards[2]; /* in which it may speak */
    double allowance; /* messages, as it stood at `at`; below zero: so many were denied */
    double at;        /* monotonic, s */
};

/* How much the broker has read from a connection. */
struct reading {
    int socket;
    long long bytes;
};

struct gate {
    mosquitto_plugin_id_t *id;
    unsigned port;
    bool slowed;
    pthread_t thread;
    bool watches;
    clockid_t broker_clock; /* the time of the broker's own thread on a core */
    atomic_ulong turns;     /* of the broker's loop */
    atomic_uint cut_from;   /* the client's port of a connection that was cut, until that is logged */
    atomic_bool over;
    char *file;
    char *leaves;
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

static struct station *find(const struct gate *gate, const char *name)
{
    struct station wanted;

    if (name == NULL || strlen(name) >= sizeof wanted.name || gate->count == 0) return NULL;
    strcpy(wanted.name, name);
    return bsearch(&wanted, gate->stations, gate->count, sizeof *gate->stations, by_name);
}

/* Spend what a message costs, and tell whether the station had so much left. If it asks too often it is disconnected. */
static bool may_send(struct station *station, const struct mosquitto *client, unsigned bytes)
{
    double now = monotonic(), price = 1.0 + bytes / BYTES_OF_A_MESSAGE;

    station->allowance += (now - station->at) * MESSAGES_A_SECOND;
    if (station->allowance > MESSAGES_AT_ONCE) station->allowance = MESSAGES_AT_ONCE;
    station->at = now;
    if (station->allowance >= price) {
        station->allowance -= price;
        return true;
    }
    if (station->allowance > 0) station->allowance = 0;
    station->allowance -= 1.0;
    if (station->allowance < -DENIED_AT_MOST) {
        station->allowance = -DENIED_AT_MOST;
        mosquitto_kick_client_by_clientid(mosquitto_client_id(client), false);
    }
    return false;
}

/* Read the list anew. If it can't be read nobody is on it: a station that was revoked must not stay by an accident. */
static void read_stations(struct gate *gate)
{
    struct station *stations = NULL, one;
    const struct station *before;
    struct gate old = *gate;
    size_t count = 0, room = 0;
    char line[LINE_BYTES];
    FILE *file = fopen(gate->file, "re");

    gate->stations = NULL;
    gate->count = 0;
    if (file == NULL) {
        free(old.stations);
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
                free(old.stations);
                fclose(file);
                return;
            }
            stations = more;
        }
        /* A reload, such as another station's revocation, fills no bucket. */
        before = find(&old, one.name);
        one.allowance = before != NULL ? before->allowance : MESSAGES_AT_ONCE;
        one.at = before != NULL ? before->at : monotonic();
        stations[count++] = one;
    }
    fclose(file);
    free(old.stations);
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
    size_t length = 0;

    (void)event;
    if (asked->access == MOSQ_ACL_UNSUBSCRIBE) return MOSQ_ERR_PLUGIN_DEFER;
    /* Who speaks an older MQTT is told nothing of what is denied; Mosquitto 2.0 has no option that refuses it. */
    if (mosquitto_client_protocol_version(asked->client) != 5) return MOSQ_ERR_ACL_DENIED;
    station = find(gate, mosquitto_client_username(asked->client));
    if (station == NULL) return MOSQ_ERR_ACL_DENIED;
    for (int i = 0; i < 2 && length == 0; i++) length = begins_own(station, station->shards[i], asked->topic);
    if (length == 0) return MOSQ_ERR_ACL_DENIED;
    if (asked->access == MOSQ_ACL_SUBSCRIBE && !hears(gate, asked->topic + length)) return MOSQ_ERR_ACL_DENIED;
    if (asked->access != MOSQ_ACL_WRITE) return MOSQ_ERR_PLUGIN_DEFER;
    /* Mosquitto 2.0.21 forgets max_qos when it reads its files again. */
    if (asked->qos > WRITES_AT_MOST_ONCE_OR_AT_LEAST_ONCE) return MOSQ_ERR_ACL_DENIED;
    if (!may_send(station, asked->client, asked->payloadlen)) return MOSQ_ERR_ACL_DENIED;
    return MOSQ_ERR_PLUGIN_DEFER;
}

/* Tell whether a descriptor is a socket at a port, and one that listens, or does not. */
static bool is_at(int socket, unsigned port, bool listens)
{
    struct sockaddr_storage own;
    socklen_t bytes = sizeof own;
    unsigned found = 0;
    int accepts;

    if (getsockname(socket, (struct sockaddr *)&own, &bytes) != 0) return false;
    if (own.ss_family == AF_INET) found = ntohs(((struct sockaddr_in *)&own)->sin_port);
    if (own.ss_family == AF_INET6) found = ntohs(((struct sockaddr_in6 *)&own)->sin6_port);
    bytes = sizeof accepts;
    return found == port && getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &bytes) == 0 && !accepts == !listens;
}

static int most_sockets(void)
{
    struct rlimit limit = {.rlim_cur = 1024};

    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur < MAX_SOCKETS ? (int)limit.rlim_cur : MAX_SOCKETS;
}

/* Slow down what each connection of the listener is sent; a connection inherits these options. */
static void slow_down(unsigned port)
{
    const unsigned pace = SENT_BYTES_A_SECOND;
    const int unsent = UNSENT_BYTES;

    for (int socket = 0, sockets = most_sockets(); socket < sockets; socket++) {
        if (!is_at(socket, port, true)) continue;
        setsockopt(socket, SOL_SOCKET, SO_MAX_PACING_RATE, &pace, sizeof pace);
        setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &unsent, sizeof unsent);
    }
}

/* Return how much the broker has read from a socket of this listener; -1 if it is none. */
static long long read_from(int socket, unsigned port)
{
    struct tcp_info info = {0};
    socklen_t bytes = sizeof info;
    int unread;

    if (!is_at(socket, port, false) || ioctl(socket, FIONREAD, &unread) != 0) return -1;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0) return -1;
    return (long long)info.tcpi_bytes_received - unread;
}

/* Note how much was read from each connection of the listener, and return how many there are. */
static size_t read_all(const struct gate *gate, struct reading *readings, int sockets)
{
    size_t count = 0;
    for (int socket = 0; socket < sockets; socket++) {
        long long bytes = read_from(socket, gate->port);
        if (bytes >= 0) readings[count++] = (struct reading){socket, bytes};
    }
    return count;
}

/* Return the socket from which alone something was read since `before`, or -1. */
static int read_alone(const struct gate *gate, const struct reading *before, size_t count)
{
    int alone = -1;
    for (size_t i = 0; i < count; i++) {
        if (read_from(before[i].socket, gate->port) <= before[i].bytes) continue;
        if (alone >= 0) return -1;
        alone = before[i].socket;
    }
    return alone;
}

static void cut(struct gate *gate, int socket)
{
    struct sockaddr_storage peer;
    socklen_t bytes = sizeof peer;
    unsigned port = 0;

    if (getpeername(socket, (struct sockaddr *)&peer, &bytes) == 0) {
        if (peer.ss_family == AF_INET) port = ntohs(((struct sockaddr_in *)&peer)->sin_port);
        if (peer.ss_family == AF_INET6) port = ntohs(((struct sockaddr_in6 *)&peer)->sin6_port);
    }
    /* The broker itself sees the end of the connection and closes it. */
    shutdown(socket, SHUT_RDWR);
    atomic_store(&gate->cut_from, port);
}

static double spent_ms(clockid_t clock)
{
    struct timespec spent;
    if (clock_gettime(clock, &spent) != 0) return 0;
    return (double)spent.tv_sec * 1e3 + (double)spent.tv_nsec / 1e6;
}

/* The thread: cut whoever keeps the broker's thread for itself. */
static void *watch_turns(void *data)
{
    struct gate *gate = data;
    const int sockets = most_sockets();
    struct reading *before = malloc((size_t)sockets * sizeof *before);
    size_t count = 0;
    unsigned long turn = 0;
    double began = 0;

    while (before != NULL && !atomic_load(&gate->over)) {
        struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
        unsigned long now = atomic_load(&gate->turns);

        if (now != turn) {
            turn = now;
            count = 0;
            began = spent_ms(gate->broker_clock);
        } else if (spent_ms(gate->broker_clock) - began >= HELD_MS) {
            int alone = read_alone(gate, before, count);
            if (count == 0) count = read_all(gate, before, sockets);
            if (alone >= 0 && atomic_load(&gate->turns) == turn) cut(gate, alone);
        }
        nanosleep(&pause, NULL);
    }
    free(before);
    return NULL;
}

static int turned(int event, void *event_data, void *user_data)
{
    struct gate *gate = user_data;
    unsigned port = atomic_exchange(&gate->cut_from, 0);

    (void)event;
    (void)event_data;
    atomic_fetch_add(&gate->turns, 1);
    if (!gate->slowed) slow_down(gate->port); /* the listener is open by the first turn */
    gate->slowed = true;
    if (port != 0) mosquitto_log_printf(MOSQ_LOG_WARNING, "cut: the client at port %u kept all others waiting", port);
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
    failed = mosquitto_callback_register(id, MOSQ_EVT_ACL_CHECK, judge, NULL, gate);
    failed = failed ? failed : mosquitto_callback_register(id, MOSQ_EVT_RELOAD, reload, NULL, gate);
    failed = failed ? failed : mosquitto_callback_register(id, MOSQ_EVT_TICK, turned, NULL, gate);
    if (failed) return failed;
    gate->watches = pthread_getcpuclockid(pthread_self(), &gate->broker_clock) == 0 &&
                    pthread_create(&gate->thread, NULL, watch_turns, gate) == 0;
    if (!gate->watches) mosquitto_log_printf(MOSQ_LOG_ERR, "no thread: a client may keep all others waiting");
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *user_data, struct mosquitto_opt *options, int count)
{
    struct gate *gate = user_data;

    (void)options;
    (void)count;
    if (gate == NULL) return MOSQ_ERR_SUCCESS;
    mosquitto_callback_unregister(gate->id, MOSQ_EVT_ACL_CHECK, judge, NULL);
    mosquitto_callback_unregister(gate->id, MOSQ_EVT_RELOAD, reload, NULL);
    mosquitto_callback_unregister(gate->id, MOSQ_EVT_TICK, turned, NULL);
    atomic_store(&gate->over, true);
    if (gate->watches) pthread_join(gate->thread, NULL);
    free(gate->stations);
    free(gate->leaves);
    free(gate->file);
    free(gate);
    return MOSQ_ERR_SUCCESS;
}
