package dev.parley.http;

import java.util.concurrent.Executor;

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
        return exchange -> guard.check(exchange).whenComplete((verdict, failure) -> {
            HttpExchange guarded = (HttpExchange) exchange;
            if (failure != null) {
                guarded.fail(failure);
            } else if (verdict.refusal() != null) {
                exchange.respond(verdict.refusal());
            } else {
                guarded.recognise(verdict.principal());
                guarded.run(endpoint);
            }
        });
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
