package dev.parley.http;

/**
 * Ends an exchange with a {@link Problem}: thrown by an endpoint, or the failure of a stage that it answers with.
 *
 * <p>It is an outcome, not a defect: it has no stack trace and is not logged.
 */
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    /**
     * An exception for a problem.
     *
     * @param problem what the client will be told
     */
    public ProblemException(Problem problem) {
        super(
                problem.status() + " " + problem.title() + (problem.detail() == null ? "" : ": " + problem.detail()),
                null,
                false,
                false);
        this.problem = problem;
    }

    /**
     * What the client will be told.
     *
     * @return the problem
     */
    public Problem problem() {
        return problem;
    }
}
