package dev.parley;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.netty.util.ResourceLeakTracker;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails every test class that leaks a buffer, or another resource that Netty tracks.
 *
 * <p>Netty only logs a leak, and only when the same kind of resource happens to be tracked again after the garbage
 * collector has found it. So each test class ends with a collection, and with a look at what it brought to light. JUnit
 * finds this extension by itself ({@code META-INF/services}, {@code junit-platform.properties}).
 *
 * <p>What a class lets go only after its {@code @AfterAll} is found at the end of the next class: the records of the
 * leak name the code that touched the buffer.
 *
 * <p><b>Threading.</b> Thread-safe: leaks are recorded on whatever thread tracks the next resource.
 */
public final class LeakCheck implements AfterAllCallback {
    /** Kept for the life of the JVM: Netty keeps its detectors in static fields, so there is only a handful. */
    private static final List<Recorder<?>> RECORDERS = new CopyOnWriteArrayList<>();

    private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();

    /** A collection that takes longer than this is not a slow one: something is broken. */
    private static final long MAX_COLLECTION_MILLIS = 120_000;

    static {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new Recorders());
        // Some class of Netty may have made its detector before this one: then leaks would go unseen, and silently.
        ByteBufAllocator.DEFAULT.buffer().release();
        if (RECORDERS.isEmpty()) {
            throw new ExceptionInInitializerError("Netty's buffers were used before the leak check was installed");
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        boolean nested = context.getRequiredTestClass().getEnclosingClass() != null
                && context.getParent().flatMap(ExtensionContext::getTestClass).isPresent();
        if (nested) {
            return;
        }
        List<String> leaks = takeLeaks();
        if (!leaks.isEmpty()) {
            throw new AssertionError(leaks.size() + " leaked:\n" + String.join("\n", leaks));
        }
    }

    /**
     * Takes what has leaked since the last call.
     *
     * @return one text for each leak: the resource's type, and the places where it was made and touched
     * @throws InterruptedException if interrupted
     */
    public static List<String> takeLeaks() throws InterruptedException {
        collectGarbage();
        RECORDERS.forEach(Recorder::report);
        List<String> leaks = new ArrayList<>();
        for (String leak = LEAKS.poll(); leak != null; leak = LEAKS.poll()) {
            leaks.add(leak);
        }
        return leaks;
    }

    /**
     * Collects twice. The JVM's reference handler takes all references that a collection has cleared as one list, and
     * enqueues them in no order. So when a reference of the second list has arrived, all of the first have.
     */
    private static void collectGarbage() throws InterruptedException {
        for (int list = 1; list <= 2; list++) {
            ReferenceQueue<Object> queue = new ReferenceQueue<>();
            WeakReference<Object> canary = new WeakReference<>(new Object(), queue);
            System.gc();
            if (queue.remove(MAX_COLLECTION_MILLIS) != canary) {
                throw new IllegalStateException("System.gc() collects nothing (expected: no -XX:+DisableExplicitGC)");
            }
        }
    }

    private static final class Recorders extends ResourceLeakDetectorFactory {
        @Override
        @SuppressWarnings("deprecation") // The abstract method of the class; Netty calls the other.
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                Class<T> resource, int samplingInterval, long maxActive) {
            return newResourceLeakDetector(resource, samplingInterval);
        }

        @Override
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(Class<T> resource, int samplingInterval) {
            Recorder<T> recorder = new Recorder<>(resource, samplingInterval);
            RECORDERS.add(recorder);
            return recorder;
        }
    }

    private static final class Recorder<T> extends ResourceLeakDetector<T> {
        Recorder(Class<T> resource, int samplingInterval) {
            super(resource, samplingInterval);
        }

        /** A detector reports when it tracks something. */
        @SuppressWarnings("unchecked") // Any object will do: a detector never looks at what it tracks.
        void report() {
            T anything = (T) new Object();
            ResourceLeakTracker<T> tracker = trackForcibly(anything);
            tracker.close(anything);
        }

        @Override
        protected boolean needReport() {
            return true;
        }

        @Override
        protected void reportTracedLeak(String type, String records) {
            LEAKS.add(type + records);
        }

        @Override
        protected void reportUntracedLeak(String type) {
            LEAKS.add(type);
        }
    }
}
