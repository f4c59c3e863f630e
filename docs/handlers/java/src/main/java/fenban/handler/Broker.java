package fenban.handler;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka with the unit's own user: reading its topics in its own group, writing its feedback, and saying what stands in the way.
 * Nothing is connected before {@code connect}. Every method throws ForPerson or Passing.
 */
class Broker implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(500);
    private static final int TIMEOUT_MILLISECONDS = 10_000;
    private static final int REACH_MILLISECONDS = 5_000;
    private static final int BATCH = 500;

    /** What was polled: the events, and how many records could not be read. */
    record Polled(List<Event> events, int unreadable) {}

    private final Settings settings;
    private KafkaConsumer<byte[], byte[]> consumer;
    private KafkaProducer<byte[], byte[]> producer;

    Broker(Settings settings) {
        this.settings = settings;
    }

    /** From the start: everything the topics hold, wherever the group stopped. */
    void connect(boolean fromStart) {
        check();
        named(() -> {
            Map<String, Object> reading = options();
            reading.put("group.id", settings.group());
            // One fixed member: a handler that was killed is back at once, and a second one ends the first instead of silently
            // taking half of its topics.
            reading.put("group.instance.id", settings.group());
            reading.put("enable.auto.commit", false);
            reading.put("auto.offset.reset", "earliest");
            reading.put("session.timeout.ms", settings.sessionSeconds() * 1000);
            reading.put("heartbeat.interval.ms", settings.sessionSeconds() * 300);
            reading.put("max.poll.records", BATCH);
            reading.put("allow.auto.create.topics", false);
            consumer = new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            if (fromStart) {
                consumer.subscribe(settings.topicNames(), new FromStart(consumer));
            } else {
                consumer.subscribe(settings.topicNames());
            }
            Map<String, Object> writing = options();
            writing.put("acks", "all");
            writing.put("enable.idempotence", true);
            writing.put("linger.ms", 5);
            writing.put("max.block.ms", TIMEOUT_MILLISECONDS);
            writing.put("delivery.timeout.ms", TIMEOUT_MILLISECONDS + 5_000);
            producer = new KafkaProducer<>(writing, new ByteArraySerializer(), new ByteArraySerializer());
            return null;
        });
    }

    /** Begins what it is given at its beginning, the first time. */
    private record FromStart(KafkaConsumer<byte[], byte[]> reading, Set<TopicPartition> begun) implements ConsumerRebalanceListener {
        FromStart(KafkaConsumer<byte[], byte[]> reading) {
            this(reading, new HashSet<>());
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> revoked) {}

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
            List<TopicPartition> fresh = assigned.stream().filter(begun::add).toList();
            if (!fresh.isEmpty()) {
                reading.seekToBeginning(fresh);
            }
        }
    }

    /** Reaches a broker, logs in and asks what the user may do with each topic. */
    void check() {
        reach();
        List<String> topics = new ArrayList<>(settings.topicNames());
        topics.add(settings.feedbackTopic());
        named(() -> {
            try (Admin admin = Admin.create(options())) {
                DescribeTopicsOptions asking = new DescribeTopicsOptions().includeAuthorizedOperations(true);
                Map<String, KafkaFuture<TopicDescription>> answers = admin.describeTopics(topics, asking).topicNameValues();
                for (String topic : topics) {
                    boolean writes = topic.equals(settings.feedbackTopic());
                    checkTopic(topic, answers.get(topic), writes);
                }
            }
            return null;
        });
    }

    private void checkTopic(String topic, Future<TopicDescription> answer, boolean writes) {
        try {
            AclOperation needed = writes ? AclOperation.WRITE : AclOperation.READ;
            if (!waited(answer).authorizedOperations().contains(needed)) {
                throw new TopicAuthorizationException(topic);
            }
        } catch (TopicAuthorizationException error) {
            String chinese = "用户 " + settings.username() + " 无权" + (writes ? "写 " : "读 ") + topic + "：请办公室授权";
            String english = "user " + settings.username() + " may not " + (writes ? "write " : "read ") + topic;
            throw new Fault.ForPerson(chinese, english + ": ask the office");
        } catch (UnknownTopicOrPartitionException | InvalidTopicException error) {
            throw new Fault.ForPerson("没有主题 " + topic + "：请办公室建立", "there is no topic " + topic + ": ask the office");
        }
    }

    /** The next events. Empty after half a second without any, and when it was woken up. */
    Polled poll() {
        List<Event> events = new ArrayList<>();
        int unreadable = 0;
        for (ConsumerRecord<byte[], byte[]> record : named(this::records)) {
            try {
                events.add(Event.read(record.topic(), headers(record), record.value()));
            } catch (Fault.Unreadable error) {
                unreadable++;
                String place = record.topic() + ":" + record.partition() + ":" + record.offset();
                Log.warning("passed over " + place + ": " + error.getMessage());
            }
        }
        return new Polled(events, unreadable);
    }

    private Iterable<ConsumerRecord<byte[], byte[]>> records() {
        try {
            return consumer.poll(POLL);
        } catch (WakeupException woken) {
            return List.of();
        }
    }

    private static Map<String, byte[]> headers(ConsumerRecord<byte[], byte[]> record) {
        Map<String, byte[]> found = new HashMap<>();
        for (Header header : record.headers()) {
            found.put(header.key(), header.value());
        }
        return found;
    }

    /** What was polled so far is done with. Where this fails the same comes again, and is dropped. */
    void commit() {
        try {
            named(() -> {
                consumer.commitSync(Duration.ofMillis(TIMEOUT_MILLISECONDS));
                return null;
            });
        } catch (Fault.Passing error) {
            Log.warning("place not kept, harmless: " + error.getMessage());
        }
    }

    /** Sends answers in their order; the ids of those that the brokers have. The rest is sent again in the next round. */
    List<String> send(List<State.Said> said) {
        return named(() -> {
            List<Future<RecordMetadata>> sent = said.stream().map(one -> producer.send(record(one))).toList();
            producer.flush();
            List<String> done = new ArrayList<>();
            KafkaException failed = null;
            for (int place = 0; place < sent.size(); place++) {
                try {
                    waited(sent.get(place));
                    done.add(said.get(place).id());
                } catch (KafkaException error) {
                    failed = error;
                }
            }
            if (done.isEmpty() && failed != null) {
                throw failed;
            }
            return done;
        });
    }

    private ProducerRecord<byte[], byte[]> record(State.Said said) {
        byte[] key = said.matter().getBytes(StandardCharsets.UTF_8);
        byte[] value = said.data().getBytes(StandardCharsets.UTF_8);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(settings.feedbackTopic(), key, value);
        Headers headers = record.headers();
        add(headers, "content-type", "application/json");
        add(headers, "ce_specversion", "1.0");
        add(headers, "ce_id", said.id());
        add(headers, "ce_source", "/fenban/feedback/" + settings.unit());
        add(headers, "ce_type", said.type());
        add(headers, "ce_subject", said.assignment());
        add(headers, "ce_time", said.madeAt());
        add(headers, "ce_dataschema", "urn:fenban:contract:feedback-" + said.type() + ":1");
        return record;
    }

    private static void add(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /** From another thread: a poll that waits returns at once. */
    void wake() {
        KafkaConsumer<byte[], byte[]> reading = consumer;
        if (reading != null) {
            reading.wakeup();
        }
    }

    /** Leaves within a few seconds, also when no broker is there. */
    @Override
    public void close() {
        try {
            if (producer != null) {
                producer.close(Duration.ofSeconds(1));
            }
            if (consumer != null) {
                consumer.close(CloseOptions.timeout(Duration.ofSeconds(2)));
            }
        } catch (KafkaException error) {
            Log.warning("left without a word to the broker, harmless");
        }
    }

    private Map<String, Object> options() {
        if (!Files.isReadable(settings.caFile())) {
            throw new Fault.ForPerson("CA 文件不能用：" + settings.caFile(), "the CA file cannot be used: " + settings.caFile());
        }
        Map<String, Object> options = new HashMap<>();
        options.put("bootstrap.servers", settings.bootstrapServers());
        options.put("client.id", settings.group());
        options.put("security.protocol", "SASL_SSL");
        options.put("ssl.truststore.type", "PEM");
        options.put("ssl.truststore.location", settings.caFile().toString());
        options.put("sasl.mechanism", "SCRAM-SHA-512");
        options.put(
                "sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required username=" + quoted(settings.username())
                        + " password=" + quoted(settings.password()) + ";");
        options.put("request.timeout.ms", TIMEOUT_MILLISECONDS);
        options.put("default.api.timeout.ms", TIMEOUT_MILLISECONDS);
        options.put("reconnect.backoff.max.ms", 1000);
        return options;
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** A connection to any of the brokers, so that an absent one is said at once. */
    private void reach() {
        String failed = "";
        for (String server : settings.bootstrapServers().split(",")) {
            int colon = server.lastIndexOf(':');
            try (Socket socket = new Socket()) {
                String host = server.substring(0, colon).strip();
                socket.connect(new InetSocketAddress(host, Integer.parseInt(server.substring(colon + 1).strip())), REACH_MILLISECONDS);
                return;
            } catch (IOException error) {
                failed = server.strip() + ", " + error.getClass().getSimpleName();
            } catch (RuntimeException error) {
                throw new Fault.ForPerson("地址应是 主机:端口：" + server, "an address is HOST:PORT: " + server);
            }
        }
        throw new Fault.Passing("连不上 Kafka（" + failed + "）", "no Kafka broker answers (" + failed + ")");
    }

    /** The client's errors as ours. */
    private <T> T named(Supplier<T> work) {
        String user = settings.username();
        try {
            return work.get();
        } catch (SaslAuthenticationException error) {
            throw new Fault.ForPerson(
                    "Kafka 不接受用户 " + user + "：用户名或口令不对", "Kafka refuses user " + user + ": wrong name or password");
        } catch (SslAuthenticationException error) {
            throw new Fault.ForPerson("Kafka 的证书不是 ca_file 的 CA 签的", "the certificate of Kafka is not of ca_file's CA");
        } catch (GroupAuthorizationException error) {
            String group = settings.group();
            throw new Fault.ForPerson("用户 " + user + " 无权用消费组 " + group, "user " + user + " may not use the group " + group);
        } catch (TopicAuthorizationException error) {
            throw new Fault.ForPerson(
                    "用户 " + user + " 对主题没有权限：请办公室授权", "user " + user + " has no permission for a topic: ask the office");
        } catch (FencedInstanceIdException error) {
            String group = settings.group();
            throw new Fault.ForPerson("另一个处理程序在用消费组 " + group, "another handler uses the group " + group);
        } catch (InvalidConfigurationException error) {
            throw new Fault.ForPerson("CA 文件不能用：" + settings.caFile(), "the CA file cannot be used: " + settings.caFile());
        } catch (RetriableException error) {
            throw new Fault.Passing("Kafka 没有应答", "Kafka does not answer (" + error.getClass().getSimpleName() + ")");
        } catch (KafkaException error) {
            if (error.getCause() instanceof KafkaException cause) {
                return named(() -> {
                    throw cause;
                });
            }
            throw new Fault.Passing("Kafka 暂时不行", "Kafka cannot do it now (" + error.getClass().getSimpleName() + ")");
        }
    }

    /** The result, or the client's own error. */
    private static <T> T waited(Future<T> future) {
        try {
            return future.get();
        } catch (ExecutionException error) {
            throw error.getCause() instanceof KafkaException cause ? cause : new KafkaException(error.getCause());
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new KafkaException(error);
        }
    }
}
