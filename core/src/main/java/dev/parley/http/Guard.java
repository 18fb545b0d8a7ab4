package dev.parley.http;

import java.security.Principal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether an exchange may go on to its endpoint, before anything of the endpoint runs.
 *
 * <pre>{@code
 * Guard signedIn = exchange -> sessions.find(exchange)            // may be asynchronous
 *         .thenApply(user -> user == null ? Verdict.refuse(401) : Verdict.allow(user));
 * routes.get("/reports/{id}", Endpoints.guard(signedIn, report));
 * }</pre>
 *
 * <p><b>Threading.</b> Called on the event loop of the connection; must not block. The stage may be completed from any
 * thread.
 *
 * <p><b>Errors.</b> A failure is answered as a failure of the endpoint would be; the endpoint does not run.
 */
@FunctionalInterface
public interface Guard {

    /**
     * Looks at an exchange without answering it.
     *
     * @param exchange the exchange; its body is not to be read here
     * @return the decision, now or later
     * @throws Exception to answer 500, or what a {@link ProblemException} says
     */
    CompletionStage<Verdict> check(Exchange exchange) throws Exception;

    /**
     * What a guard decided.
     *
     * @param principal who was recognised, if somebody was: {@link Exchange#principal} tells the endpoint
     * @param refusal the answer that is given in place of the endpoint's; {@code null} lets the exchange pass
     */
    record Verdict(@Nullable Principal principal, @Nullable Response refusal) {
        private static final Verdict ALLOWED = new Verdict(null, null);

        /**
         * Lets the exchange pass.
         *
         * @return the verdict
         */
        public static Verdict allow() {
            return ALLOWED;
        }

        /**
         * Lets the exchange pass, in somebody's name.
         *
         * @param principal who it is
         * @return the verdict
         */
        public static Verdict allow(Principal principal) {
            return new Verdict(principal, null);
        }

        /**
         * Answers with a problem in place of the endpoint.
         *
         * @param status 401, 403 or another status of 400 and above
         * @return the verdict
         */
        public static Verdict refuse(int status) {
            return refuse(Response.problem(Problem.of(status)));
        }

        /**
         * Answers in place of the endpoint.
         *
         * @param response the answer
         * @return the verdict
         */
        public static Verdict refuse(Response response) {
            return new Verdict(null, response);
        }

        /**
         * This verdict as a stage, for guards that have nothing to wait for.
         *
         * @return a completed stage
         */
        public CompletionStage<Verdict> now() {
            return CompletableFuture.completedStage(this);
        }
    }
}
