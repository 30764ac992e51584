/*
 * Keeps Mosquitto's only thread free: no client of the listener may have it for itself. A thread of its own looks, because
 * the broker's is the one that hangs.
 */
#pragma once

#include <stdbool.h>

struct turns;

/* Begin to look, from the broker's thread. NULL: there is no memory, or no thread. `port` is the listener's. */
struct turns *turns_begin(unsigned port);

/* Tell that a turn of the broker's loop begins. The listener is open by the first one. */
void turns_next(struct turns *turns);

/* Tell that a message or a filter of so many bytes on the wire was let through, whoever's it was. */
void turns_let_through(struct turns *turns, unsigned long bytes);

/* Tell, once, that the broker has closed a connection that was cut. Called before and after each connection's end. */
bool turns_closed_cut(struct turns *turns);

/* Stop looking. */
void turns_end(struct turns *turns);
