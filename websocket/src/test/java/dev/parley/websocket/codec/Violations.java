package dev.parley.websocket.codec;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** Kinds of violations. */
final class Violations {
    /** Those that are in the bytes alone: all but two, which {@link UnfinishedTest} has. */
    static final Set<Violation> OF_BYTES = Collections.unmodifiableSet(
            EnumSet.complementOf(EnumSet.of(Violation.MESSAGE_TOO_SLOW, Violation.NO_ROOM)));

    private Violations() {}
}
