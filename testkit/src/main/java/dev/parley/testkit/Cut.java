package dev.parley.testkit;

/**
 * When a client is to be cut off from its answer: at whichever of the two comes first. Immutable.
 *
 * @param bytes of the body; 0 as soon as there is a head
 * @param events of an event stream, 1 or more
 */
record Cut(long bytes, long events) {
    static final Cut NEVER = new Cut(Long.MAX_VALUE, Long.MAX_VALUE);

    boolean countsEvents() {
        return events < Long.MAX_VALUE;
    }
}
