package dev.parley.websocket;

import dev.parley.http.Exchange;
import dev.parley.websocket.codec.CloseReason;
import dev.parley.websocket.codec.WebSocketSettings;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What all connections of an endpoint have in common.
 *
 * @param messages the JSON messages; {@code null} if messages are taken as they are
 * @param beat how often a connection is looked at
 * @param pingBeats after how many silent beats a ping is sent
 * @param pongBeats within how many beats it must be answered
 * @param messageBeats within how many beats a message must be whole that has begun
 * @param readIdleBeats after how many beats without a message of the client's it is closed; 0 for never
 * @param writeIdleBeats the same for messages to the client
 * @param executor where listeners are called; {@code null} for the event loop
 * @param violations what clients did wrong
 * @param leaving how many connections a drain has sent away
 */
record Settings(
        WebSocketSettings codec,
        Listeners listeners,
        @Nullable JsonMessages messages,
        int maxQueuedBytes,
        WhenFull whenFull,
        Duration beat,
        int pingBeats,
        int pongBeats,
        int messageBeats,
        int readIdleBeats,
        int writeIdleBeats,
        @Nullable Duration maxAge,
        Function<Exchange, Optional<Duration>> credential,
        @Nullable RateLimit rate,
        CloseReason drainReason,
        @Nullable Executor executor,
        Violations violations,
        AtomicInteger leaving) {}
