package dev.parley.testkit;

/** One connection as a client uses it that speaks HTTP. */
interface ClientProtocol {

    /**
     * Sends a request's head.
     *
     * @param answer records what comes back
     * @param bodiless whether nothing follows
     */
    ClientStream open(TestRequest request, Answer answer, boolean bodiless);

    /** Whether the server has said that it takes no more requests here. */
    boolean isRetired();
}
