// SPDX-License-Identifier: MIT
// call -- one command on its way from packet to answer, and the task that it belongs to: a message,
// or a whole bundle.
#ifndef CALL_H
#define CALL_H

#include <megasynth.h>

#include "base/server.h"
#include "protocol/codes.h"
#include "protocol/command.h"
#include "protocol/osc.h"
#include "protocol/payload.h"

/// A handler reads its arguments, does its work, and sets `answer` or calls call_fail. Requests go
/// through phases: *validate* (arguments, then a perform command's own `validate`, which changes
/// nothing and finds all that can be wrong, names last: they may come with a build that waits),
/// *prepare* (a build says what it wants of a document), *apply* (events are sent, changes
/// committed) and *reply* (answer.c).
struct call {
    task *task;
    server *server;
    session *from; ///< NULL: the server itself
    const command *command;
    synth *synth; ///< that the address names; NULL if the command is not of a synth
    int32_t id;   ///< of the request; 0: the plain form
    msgpack_object values[COMMAND_ARGUMENTS_MAX]; ///< as the command's arguments; nil: not given
    char *texts[COMMAND_ARGUMENTS_MAX];           ///< of the strings, NUL-terminated
    msgpack_object *rest;                         ///< what `*` takes
    size_t rest_count;
    msgpack_unpacked payload;
    bool has_payload;
    void *own_rest, *own_bytes; ///< what `rest` and the values point into, where that is no message

    uint64_t frame;  ///< server's, at which it is to happen; 0: at once
    uint64_t before; ///< frames that it should have happened before the server's first

    json_t *answer;   ///< what /done will carry
    json_t *failure;  ///< what /fail will carry
    code code;        ///< CODE_NONE: no failure
    uint64_t affects; ///< first frame affected, as answered; 0: nothing audible
    bool later;       ///< the handler keeps the call and answers with task_finish
    bool answered;

    json_t *names;     ///< made by a build: what the synth's document names, for the perform queue
    json_t *notice;    ///< made by a build: told to those who subscribe to `patch`
    int32_t number;    ///< a handler's own
    uint64_t due_ns;   ///< a handler's own: when it counts as done
    mega_patch *patch; ///< what a build of a bundle wants, until all of it is known to fit
    json_t *ops;       ///< the same, as a list
    json_t *coming;    ///< names that come with a change that is scheduled
    uint64_t made;     ///< engine's number of the change that came of it
    uint64_t change;   ///< the same, as long as it is awaited
    void *work;        ///< a handler's own
};

struct task {
    server *server;
    session *from; ///< held
    osc_packet packet;
    size_t bytes;
    call *calls;
    size_t count;
    bool is_bundle;
    bool in_turn;             ///< `work` is a client's own: it takes that client's turn
    bool again;               ///< set by `landed`: once more to the builder, with other work
    bool takes_back;          ///< that work is done though a call has failed
    uint64_t frame;           ///< of the bundle; 0: at once
    uint64_t before;          ///< frames that it should have happened before the server's first
    uint64_t late_by;         ///< frames that a bundle came too late
    uint64_t serial;          ///< in the build worker's queue
    uint64_t wait_for;        ///< serial of the build that a name may come from; 0: none
    task *next;               ///< in the queue that it is in
    task *next_open;          ///< in the session's list of builds that are under way
    void (*work)(task *t);    ///< on the builder; NULL: runs the calls
    bool (*settled)(task *t); ///< on the builder, asked again until it holds; NULL: it does
    void (*met)(task *t);     ///< on the loop, while the builder waits: see builder_meet
    struct {
        void (*work)(void *context), (*landed)(void *context);
        void *context;
    } job;                   ///< of server.on_builder
    void (*landed)(task *t); ///< on the loop, after that and before the answers; NULL: nothing
    uint64_t give_up_ns;     ///< when it counts as settled in any case
    uint64_t work_began_ns, work_ended_ns; ///< on the builder
    uint64_t sync_builds, sync_pass;       ///< of /sync
};

// ---- arguments --------------------------------------------------------------------------------

/// The key must be one of the command's; asserts.
bool arg_given(const call *c, const char *key);
double arg_number(const call *c, const char *key, double otherwise);
int64_t arg_integer(const call *c, const char *key, int64_t otherwise);
bool arg_bool(const call *c, const char *key, bool otherwise);
/// NUL-terminated, for the life of the call; NULL if not given.
const char *arg_text(const call *c, const char *key);
/// NULL if not given.
const msgpack_object *arg_value(const call *c, const char *key);

/// A number within a range. @return false, having failed with bad-value
bool arg_within(call *c, const char *key, double min, double max);

// ---- answers ----------------------------------------------------------------------------------

/// The first failure counts. @param path the argument at fault, or ""
__attribute__((format(printf, 4, 5))) void call_fail(call *c, code which, const char *path,
                                                     const char *message, ...);
/// Adds to the failure: "hint", "got", "want", "limit".
__attribute__((format(printf, 3, 4))) void call_note(call *c, const char *key, const char *format,
                                                     ...);
/// Takes a failure back.
void call_forgive(call *c);
/// `did you mean ...` from the keys of an object.
void call_hint_keys(call *c, const char *wrong, const json_t *object);
/// Fails with all that a report holds; the first error gives code, path and message.
void call_fail_report(call *c, mega_status status, const mega_report *report);
/// Fails with not-found, which waits for a build, if the synth has no document yet. @return false
/// if it did
bool call_has_document(call *c);
/// Fails with what an EVENT function gave. @return false if it did
bool call_check(call *c, mega_status status);
/// The frame that falls due at a monotonic time, 1 or more. @param before receives how many frames
/// before frame 1 that is; else 0
uint64_t call_frame_of_ns(const server *s, int64_t mono_ns, uint64_t *before);
/// The engine's frame for the call's.
uint64_t call_engine_frame(const call *c);

#endif
