package dev.parley.http;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What all connections of one {@link ParleyHandler} share. Thread-safe. */
final class ServerContext {
    private final Routes routes;
    private final HttpLimits limits;
    private final TrustedProxies proxies;
    private final InstantSource clock;
    private final Executor executor;
    private final @Nullable AccessLog accessLog;
    private final long idleTicks;
    private final long headerTicks;
    private final long bodyTicks;
    private final long writeTicks;
    private final long lingerTicks;
    private final long leastBodyBytes;
    /** Bytes of arrays for bodies that are on their way: {@link HttpLimits#maxGatheredBytes}. */
    private final AtomicLong gathered = new AtomicLong();

    private volatile boolean draining;
    /** One for each event loop that ever had a connection of ours; event loops live as long as the program. */
    private final Map<EventLoop, Loop> loops = new ConcurrentHashMap<>();

    ServerContext(
            Routes routes,
            HttpLimits limits,
            TrustedProxies proxies,
            InstantSource clock,
            Executor executor,
            @Nullable AccessLog accessLog) {
        this.routes = routes;
        this.limits = limits;
        this.proxies = proxies;
        this.clock = clock;
        this.executor = executor;
        this.accessLog = accessLog;
        idleTicks = Wheel.ticks(limits.idleTimeout().toNanos());
        headerTicks = Wheel.ticks(limits.headerTimeout().toNanos());
        bodyTicks = Wheel.ticks(limits.bodyTimeout().toNanos());
        writeTicks = Wheel.ticks(limits.writeTimeout().toNanos());
        lingerTicks = Wheel.ticks(limits.lingerTimeout().toNanos());
        leastBodyBytes = Math.max(1, limits.bodyTimeout().toMillis() * limits.minBodyBytesPerSecond() / 1000);
    }

    /** {@link HttpLimits#idleTimeout} in ticks of the wheel; so are the others. */
    long idleTicks() {
        return idleTicks;
    }

    long headerTicks() {
        return headerTicks;
    }

    long bodyTicks() {
        return bodyTicks;
    }

    long writeTicks() {
        return writeTicks;
    }

    long lingerTicks() {
        return lingerTicks;
    }

    /** What must come of a body in {@link #bodyTicks}. */
    long leastBodyBytes() {
        return leastBodyBytes;
    }

    /** Takes memory for a body that is on its way, if there is so much for all. */
    boolean takeGathered(int bytes) {
        if (gathered.addAndGet(bytes) <= limits.maxGatheredBytes()) {
            return true;
        }
        gathered.addAndGet(-bytes);
        return false;
    }

    void giveGathered(int bytes) {
        gathered.addAndGet(-bytes);
    }

    Routes routes() {
        return routes;
    }

    HttpLimits limits() {
        return limits;
    }

    TrustedProxies proxies() {
        return proxies;
    }

    InstantSource clock() {
        return clock;
    }

    Executor executor() {
        return executor;
    }

    @Nullable
    AccessLog accessLog() {
        return accessLog;
    }

    /** What an event loop keeps; called on it. One that gets its first connection during a drain has no time left. */
    Loop loop(EventLoop eventLoop) {
        Loop loop = loops.computeIfAbsent(eventLoop, it -> new Loop(it, this));
        if (draining && !loop.isDraining()) {
            loop.drain(Duration.ZERO);
        }
        return loop;
    }

    CompletableFuture<Void> drain(Duration limit) {
        draining = true;
        return CompletableFuture.allOf(
                loops.values().stream().map(loop -> loop.drain(limit)).toArray(CompletableFuture<?>[]::new));
    }
}
