package dev.parley.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.container;
import static org.junit.platform.testkit.engine.EventConditions.event;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.instanceOf;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

final class LeakCheckTest {

    @Test
    void aLeakedBufferIsFoundWithThePlaceThatMadeIt() throws InterruptedException {
        leak(ByteBufAllocator.DEFAULT.directBuffer(16));

        List<String> leaks = LeakCheck.takeLeaks();

        assertThat(leaks)
                .singleElement()
                .asString()
                .startsWith("ByteBuf")
                .contains("LeakCheckTest.aLeakedBufferIsFoundWithThePlaceThatMadeIt");
    }

    @Test
    void eachLeakIsFoundOnce() throws InterruptedException {
        leak(Unpooled.directBuffer(16));

        assertThat(LeakCheck.takeLeaks()).hasSize(1);
        assertThat(LeakCheck.takeLeaks()).isEmpty();
    }

    @Test
    void aReleasedBufferIsNoLeak() throws InterruptedException {
        ByteBufAllocator.DEFAULT.directBuffer(16).release();

        assertThat(LeakCheck.takeLeaks()).isEmpty();
    }

    @Test
    void aClassThatLeaksFails() {
        Events containers = run(Leaking.class);

        containers
                .assertThatEvents()
                .haveExactly(
                        1,
                        event(
                                container(Leaking.class),
                                finishedWithFailure(
                                        instanceOf(AssertionError.class),
                                        message(text -> text.startsWith("1 leaked:")
                                                && text.contains("Leaking.forgetsToRelease")))));
    }

    @Test
    void aClassThatReleasesPasses() {
        run(Releasing.class).assertStatistics(statistics -> statistics.failed(0));
    }

    private static Events run(Class<?> testClass) {
        return EngineTestKit.engine("junit-jupiter")
                .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true")
                .selectors(selectClass(testClass))
                .execute()
                .containerEvents();
    }

    /** Touches a buffer and lets it go; in a frame of its own, so that none of the caller's slots holds it. */
    private static void leak(ByteBuf buffer) {
        buffer.writeInt(1);
    }

    static final class Leaking {
        @Test
        void forgetsToRelease() {
            leak(ByteBufAllocator.DEFAULT.directBuffer(16));
        }
    }

    static final class Releasing {
        @Test
        void releases() {
            ByteBufAllocator.DEFAULT.directBuffer(16).release();
        }
    }
}
