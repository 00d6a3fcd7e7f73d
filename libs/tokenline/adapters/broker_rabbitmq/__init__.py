"""The broker port on RabbitMQ 3.10 to 4.3, through aio-pika.

- `broker`      the port: puts the parts together
- `link`        one connection, kept up by its own loop
- `channels`    one channel of a link, opened again whenever it closes
- `topology`    declaring, checking and repairing exchanges and queues
- `publisher`   confirmed publishing and unconfirmed telling; `told`: the frames of the latter
- `consumption` a consumer that outlives its channels; `delivery`: one message in hand; `tap`: a short way for those
                that nobody acknowledges
- `failures`    what the library raises, told apart from our own cancellation

Connections are supervised here and not by aio-pika's robust ones: those restore channels, queues and consumers one by
one, in the background and without a word when one of them fails, and never try the first connection twice. Publishing
and consuming use aiormq's channels (on which aio-pika stands): aio-pika's own hide whether a message was confirmed
and that the broker cancelled a consumer.
"""

from tokenline.adapters.broker_rabbitmq.broker import RabbitBroker

__all__ = ["RabbitBroker"]
