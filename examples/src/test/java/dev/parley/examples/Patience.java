package dev.parley.examples;

import com.microsoft.playwright.BrowserContext;
import java.util.concurrent.TimeUnit;

/**
 * How long tests wait for other processes. What is there sooner is seen sooner, and on a busy machine a process may stand still for
 * seconds: so these limits are far from what anything takes, and only end what hangs.
 */
final class Patience {
    /** For what comes from one request, or one message. */
    static final int SECONDS = 60;
    /** For what a page is asked to assert. */
    static final double ASSERTION_MILLIS = 60_000;
    /** For a program to end. */
    static final int PROCESS_SECONDS = 120;
    /** For a test, which may wait several times. JUnit then interrupts its thread, and that ends what waits for a browser, too. */
    static final int TEST_SECONDS = 240;
    /** For an action in a page, or for what becomes true there. */
    private static final double PAGE_MILLIS = 120_000;

    private Patience() {}

    /** Pages that are waited for. */
    static BrowserContext in(BrowserContext context) {
        context.setDefaultTimeout(PAGE_MILLIS);
        return context;
    }

    /** Kills a program that does not end: then a read of what it prints ends, too, which nothing else would interrupt. */
    static Process limited(Process program) {
        program.onExit().orTimeout(PROCESS_SECONDS, TimeUnit.SECONDS).whenComplete((ended, late) -> {
            if (late != null) {
                program.destroyForcibly();
            }
        });
        return program;
    }
}
