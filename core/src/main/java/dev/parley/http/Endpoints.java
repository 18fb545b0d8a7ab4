package dev.parley.http;

import dev.parley.http.Guard.Verdict;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Wraps endpoints in what they need: endpoints compose as functions. */
public final class Endpoints {
    private Endpoints() {}

    /**
     * Lets a guard decide before anything of the endpoint runs.
     *
     * @param guard decides, now or later
     * @param endpoint runs only if the guard lets the exchange pass
     * @return an endpoint
     */
    public static Endpoint guard(Guard guard, Endpoint endpoint) {
        return exchange -> {
            HttpExchange guarded = (HttpExchange) exchange;
            Thread asking = Thread.currentThread();
            guard.check(exchange).whenComplete((verdict, failure) -> {
                Runnable decided = () -> guarded.call(() -> decide(guarded, verdict, failure, endpoint));
                // A verdict that comes later may come on any thread, and endpoints are called on the event loop.
                if (Thread.currentThread() == asking) {
                    decided.run();
                } else {
                    guarded.onLoop(decided);
                }
            });
        };
    }

    private static void decide(
            HttpExchange guarded, @Nullable Verdict verdict, @Nullable Throwable failure, Endpoint endpoint) {
        if (failure != null) {
            guarded.fail(failure);
            return;
        }
        Objects.requireNonNull(verdict, "verdict");
        if (verdict.refusal() != null) {
            guarded.respond(verdict.refusal());
        } else {
            guarded.recognise(verdict.principal());
            guarded.run(endpoint);
        }
    }

    /**
     * Runs an endpoint on {@link Exchange#executor}, where it may block.
     *
     * @param endpoint may block
     * @return an endpoint
     */
    public static Endpoint blocking(Endpoint endpoint) {
        return exchange -> exchange.executor().execute(() -> ((HttpExchange) exchange).run(endpoint));
    }

    /**
     * Runs an endpoint on an executor, where it may block. A rejected task is answered with 503.
     *
     * @param executor runs the endpoint
     * @param endpoint may block
     * @return an endpoint
     */
    public static Endpoint blocking(Executor executor, Endpoint endpoint) {
        return exchange -> executor.execute(() -> ((HttpExchange) exchange).run(endpoint));
    }

    /**
     * Sets the limit for the bodies of an endpoint.
     *
     * @param bytes 0 or more
     * @param endpoint the endpoint
     * @return an endpoint
     */
    public static Endpoint maxBodyBytes(long bytes, Endpoint endpoint) {
        return exchange -> {
            exchange.maxBodyBytes(bytes);
            endpoint.handle(exchange);
        };
    }
}
