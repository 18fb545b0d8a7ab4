package dev.parley.testkit;

import dev.parley.topic.Broker;

final class InMemoryBrokerTest extends BrokerContract {
    private final Broker broker = Broker.inMemory();

    @Override
    protected Broker broker() {
        return broker;
    }

    @Override
    protected Broker another() {
        return broker;
    }
}
