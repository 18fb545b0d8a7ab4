package dev.parley.testkit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;
import static org.junit.platform.testkit.engine.EventConditions.event;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.EventConditions.test;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.instanceOf;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import org.junit.platform.testkit.engine.EngineTestKit;

/** Runs the tests of a contract against what keeps it, and against what breaks it. */
final class ContractRun {
    private ContractRun() {}

    static void expectAll(Class<?> implementation, int succeeded, int aborted) {
        EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(implementation))
                .execute()
                .testEvents()
                .assertStatistics(
                        statistics -> statistics.succeeded(succeeded).failed(0).aborted(aborted));
    }

    static void expectFailure(Class<?> broken, String method, String message) {
        expectFailure(broken, method, AssertionError.class, message);
    }

    static void expectFailure(Class<?> broken, String method, Class<? extends Throwable> type, String message) {
        EngineTestKit.engine("junit-jupiter")
                .selectors(selectMethod(broken, method))
                .execute()
                .testEvents()
                .assertThatEvents()
                .haveExactly(
                        1,
                        event(
                                test(method),
                                finishedWithFailure(
                                        instanceOf(type),
                                        message(text -> (text == null ? "" : text).contains(message)))));
    }
}
