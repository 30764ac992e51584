/*
 * Cuts the connection of whoever keeps Mosquitto's only thread for itself (turns.h), in either of two ways.
 *
 * 1. No plugin is asked about PINGREQ, PUBACK and the like, and Mosquitto 2.0.21 goes on reading from a TLS connection
 *    as long as packets go over the borders of TLS records. So when a turn of its loop has taken so much time on a core
 *    (HELD_MS), the connection is cut from which alone it goes on reading: in ALONE_TIMES stretches of ALONE_MS each. A
 *    reload of the lists reads from nobody, and a turn that is long because many connect reads from many. All of it is
 *    measured in the broker's own time on a core: on a busy machine it has little of that between two looks, and then
 *    whoever's turn it is was read from alone. Once is not enough: a stretch may begin in a reload and end in somebody's
 *    only message.
 * 2. A client that sends much of what nobody let through is cut, however short its turns are: when in FLOW_MS more came
 *    from it than all messages and filters that the plugin let through in that time, its own and all others', and
 *    OTHER_BYTES. What is let through is paid for (gate.c), what no plugin is asked about and what is denied is not.
 */
#include "turns.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#define LOOK_MS 10
#define HELD_MS 50.0
#define ALONE_MS 20.0
#define ALONE_TIMES 2
#define FLOW_MS 5000.0
/* 100,000 PINGREQs a second. An honest station sends less than 100 bytes a second beside its messages. */
#define OTHER_BYTES (1024L * 1024)
#define MAX_SOCKETS 65536
/*
 * What a station is sent leaves at most so fast, and little of it waits in the kernel. 8,192 PINGREQs fit into a TLS
 * record, and Mosquitto answers all of them in one turn. Each answer that is written costs it much more than the packet
 * that is read; beyond this pace answers to PINGREQ are not written.
 */
#define SENT_BYTES_A_SECOND 131072
#define UNSENT_BYTES 32768

/* What is no socket: nothing was read, or something from more than one. */
#define NOBODY (-1)
#define SEVERAL (-2)

/* How much the broker has read from a connection. */
struct reading {
    int socket;
    long long bytes;
};

/* How much it had read from each connection at a moment. */
struct look {
    struct reading *readings;
    size_t count;
};

struct turns {
    unsigned port;
    int sockets; /* how many descriptors the broker may have */
    bool paced;
    pthread_t thread;
    clockid_t broker_clock;  /* the time of the broker's own thread on a core */
    atomic_ulong number;     /* of turns */
    atomic_ulong let_through; /* bytes of messages and filters */
    int cut_socket;          /* of the connection that was cut, valid while cut_cookie is not 0 */
    atomic_ulong cut_cookie; /* the kernel's own name of it: its descriptor is used again */
    atomic_bool over;
    /* What only the looking thread uses. */
    unsigned long turn;
    double turn_began_ms;
    struct look at_turn; /* where the stretch began */
    double stretch_began_ms;
    int alone; /* the socket from which alone was read in the stretches before, or NOBODY */
    int alone_times;
    unsigned long let_through_before;
    double flow_began_ms;
    struct look at_flow;
};

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

/* Pace what each connection of the listener is sent; a connection inherits these options. */
static void pace(const struct turns *turns)
{
    const unsigned bytes_a_second = SENT_BYTES_A_SECOND;
    const int unsent = UNSENT_BYTES;

    for (int socket = 0; socket < turns->sockets; socket++) {
        if (!is_at(socket, turns->port, true)) continue;
        setsockopt(socket, SOL_SOCKET, SO_MAX_PACING_RATE, &bytes_a_second, sizeof bytes_a_second);
        setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &unsent, sizeof unsent);
    }
}

/* Return how much the broker has read from a socket of this listener; -1 if it is none. */
static long long read_from(const struct turns *turns, int socket)
{
    struct tcp_info info = {0};
    socklen_t bytes = sizeof info;
    int unread;

    if (!is_at(socket, turns->port, false) || ioctl(socket, FIONREAD, &unread) != 0) return -1;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0) return -1;
    return (long long)info.tcpi_bytes_received - unread;
}

/* Note how much was read from each connection of the listener. */
static void read_all(const struct turns *turns, struct look *look)
{
    look->count = 0;
    for (int socket = 0; socket < turns->sockets; socket++) {
        long long bytes = read_from(turns, socket);
        if (bytes >= 0) look->readings[look->count++] = (struct reading){socket, bytes};
    }
}

/* Return the socket from which alone something was read since a look; NOBODY or SEVERAL if there is no such one. */
static int read_alone(const struct turns *turns, const struct look *look)
{
    int alone = NOBODY;
    for (size_t i = 0; i < look->count; i++) {
        if (read_from(turns, look->readings[i].socket) <= look->readings[i].bytes) continue;
        if (alone != NOBODY) return SEVERAL;
        alone = look->readings[i].socket;
    }
    return alone;
}

/* Return the socket from which most was read since a look, and how much; NOBODY and 0 if nothing was. */
static struct reading read_most(const struct turns *turns, const struct look *look)
{
    struct reading most = {NOBODY, 0};
    for (size_t i = 0; i < look->count; i++) {
        long long bytes = read_from(turns, look->readings[i].socket) - look->readings[i].bytes;
        if (bytes > most.bytes) most = (struct reading){look->readings[i].socket, bytes};
    }
    return most;
}

/* Return the kernel's own name of a socket; 0 if the descriptor is none. */
static unsigned long cookie_of(int socket)
{
    uint64_t cookie = 0;
    socklen_t bytes = sizeof cookie;
    return getsockopt(socket, SOL_SOCKET, SO_COOKIE, &cookie, &bytes) == 0 ? (unsigned long)cookie : 0;
}

/*
 * Cut a connection. The broker itself sees its end and closes it; until then no other one is cut. An address of no family
 * ends a connection (connect(2)), and what has come and was not read yet is thrown away: shutdown(2) would leave megabytes.
 */
static void cut(struct turns *turns, int socket)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    if (atomic_load(&turns->cut_cookie) != 0) return;
    turns->cut_socket = socket;
    atomic_store(&turns->cut_cookie, cookie_of(socket));
    connect(socket, &nobody, sizeof nobody);
}

bool turns_closed_cut(struct turns *turns)
{
    unsigned long cookie = turns == NULL ? 0 : atomic_load(&turns->cut_cookie);

    if (cookie == 0 || cookie_of(turns->cut_socket) == cookie) return false;
    atomic_store(&turns->cut_cookie, 0);
    return true;
}

static double milliseconds(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) return 0;
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Begin a stretch of the turn, in which it is to show from whom is read. */
static void begin_stretch(struct turns *turns, double now_ms)
{
    read_all(turns, &turns->at_turn);
    turns->stretch_began_ms = now_ms;
}

/* Cut whoever has had the broker's thread alone for too long in this turn. */
static void look_at_turn(struct turns *turns)
{
    unsigned long number = atomic_load(&turns->number);
    double now_ms = milliseconds(turns->broker_clock);
    int alone;

    if (number != turns->turn) {
        turns->turn = number;
        turns->turn_began_ms = now_ms;
        turns->at_turn.count = 0;
        return;
    }
    if (now_ms - turns->turn_began_ms < HELD_MS) return;
    if (turns->at_turn.count == 0) {
        turns->alone = NOBODY;
        begin_stretch(turns, now_ms);
        return;
    }
    if (now_ms - turns->stretch_began_ms < ALONE_MS) return;
    alone = read_alone(turns, &turns->at_turn);
    if (alone != NOBODY) {
        /* From nobody is read while a large TLS record is worked on. */
        turns->alone_times = alone == turns->alone ? turns->alone_times + 1 : 1;
        turns->alone = alone;
    }
    begin_stretch(turns, now_ms);
    if (turns->alone < 0 || turns->alone_times < ALONE_TIMES) return;
    if (atomic_load(&turns->number) == number) cut(turns, turns->alone);
}

/* Cut whoever sent most since the last look, if that was far more than all that was let through. */
static void look_at_flow(struct turns *turns)
{
    struct reading most;
    unsigned long let_through;

    if (milliseconds(CLOCK_MONOTONIC) - turns->flow_began_ms < FLOW_MS) return;
    most = read_most(turns, &turns->at_flow);
    let_through = atomic_load(&turns->let_through);
    if (most.bytes > (long long)(let_through - turns->let_through_before) + OTHER_BYTES) cut(turns, most.socket);
    turns->let_through_before = let_through;
    read_all(turns, &turns->at_flow);
    turns->flow_began_ms = milliseconds(CLOCK_MONOTONIC);
}

static void *watch(void *data)
{
    struct turns *turns = data;
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};

    while (!atomic_load(&turns->over)) {
        look_at_turn(turns);
        look_at_flow(turns);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

void turns_next(struct turns *turns)
{
    if (turns == NULL) return;
    atomic_fetch_add(&turns->number, 1);
    if (!turns->paced) pace(turns);
    turns->paced = true;
}

void turns_let_through(struct turns *turns, unsigned long bytes)
{
    if (turns != NULL) atomic_fetch_add(&turns->let_through, bytes);
}

static void free_all(struct turns *turns)
{
    free(turns->at_turn.readings);
    free(turns->at_flow.readings);
    free(turns);
}

struct turns *turns_begin(unsigned port)
{
    struct turns *turns = calloc(1, sizeof *turns);

    if (turns == NULL) return NULL;
    turns->port = port;
    turns->sockets = most_sockets();
    turns->at_turn.readings = malloc((size_t)turns->sockets * sizeof(struct reading));
    turns->at_flow.readings = malloc((size_t)turns->sockets * sizeof(struct reading));
    if (turns->at_turn.readings == NULL || turns->at_flow.readings == NULL ||
        pthread_getcpuclockid(pthread_self(), &turns->broker_clock) != 0 ||
        pthread_create(&turns->thread, NULL, watch, turns) != 0) {
        free_all(turns);
        return NULL;
    }
    return turns;
}

void turns_end(struct turns *turns)
{
    if (turns == NULL) return;
    atomic_store(&turns->over, true);
    pthread_join(turns->thread, NULL);
    free_all(turns);
}
