package dev.parley.http;

import java.util.HashMap;
import java.util.Map;

/** Stub. */
public final class Routes {
    private final Map<String, Endpoint> exact = new HashMap<>();

    private Routes() {}

    /**
     * Begins an empty table.
     *
     * @return a new builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Sees to it that an exchange is answered. */
    void route(HttpExchange exchange) {
        Endpoint endpoint = exact.get(exchange.method() + " " + exchange.path());
        if (endpoint == null) {
            exchange.respond(Response.problem(Problem.of(404)));
        } else {
            exchange.run(endpoint);
        }
    }

    /** Builds routes. */
    public static final class Builder {
        private final Routes routes = new Routes();

        private Builder() {}

        /**
         * Adds a GET.
         *
         * @param path the path
         * @param endpoint the endpoint
         * @return this builder
         */
        public Builder get(String path, Endpoint endpoint) {
            routes.exact.put("GET " + path, endpoint);
            return this;
        }

        /**
         * Adds a POST.
         *
         * @param path the path
         * @param endpoint the endpoint
         * @return this builder
         */
        public Builder post(String path, Endpoint endpoint) {
            routes.exact.put("POST " + path, endpoint);
            return this;
        }

        /**
         * The routes.
         *
         * @return the table
         */
        public Routes build() {
            return routes;
        }
    }
}
