package dev.parley.http;

/**
 * What answers the exchanges of one route.
 *
 * <pre>{@code
 * Endpoint time = exchange -> exchange.respond(Response.json(Map.of("now", Instant.now())));
 * }</pre>
 *
 * <p><b>Threading.</b> Called on the event loop of the connection, so it must not block; wrap it with
 * {@link Endpoints#blocking} where it has to. It may keep the exchange and answer later, from any thread.
 *
 * <p><b>Errors.</b> An exception that leaves {@link #handle} is logged once and answered with 500 without details; a
 * {@link ProblemException} is answered with its problem and not logged. If the answer had already begun, the exchange
 * is cut off. No other exchange notices.
 */
@FunctionalInterface
public interface Endpoint {

    /**
     * Takes an exchange and sees to it that it is answered: now, or later.
     *
     * @param exchange the exchange to answer
     * @throws Exception to answer 500, or what a {@link ProblemException} says
     */
    void handle(Exchange exchange) throws Exception;
}
