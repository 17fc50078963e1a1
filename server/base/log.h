// SPDX-License-Identifier: MIT
// log -- what the server has to say to whoever runs it: one line an event, as text or JSON, on
// standard error.
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

typedef enum { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG } log_level;

/// @param listener is told each line that is written, on the thread that writes it; NULL: nobody
typedef void log_listener(void *context, log_level level, const char *event, const char *text);

/// @return false if there is no level of that name
bool log_level_of(const char *name, log_level *level);
const char *log_level_name(log_level level);
/// First of all: what is closed of standard input, output and error becomes /dev/null, so that no
/// socket or file gets those numbers.
void log_open_standard(void);
/// From now on writing to standard output and error never blocks, whoever reads.
void log_never_block(void);
void log_begin(log_level most, bool as_json);
void log_listen(log_listener *listener, void *context);

/// Any thread but the audio callback's. Never blocks: lines for which there is no room are counted,
/// and their number is told once there is. @param event a stable word with dots: "client.cut"
__attribute__((format(printf, 3, 4))) void log_line(log_level level, const char *event,
                                                    const char *format, ...);

#endif
