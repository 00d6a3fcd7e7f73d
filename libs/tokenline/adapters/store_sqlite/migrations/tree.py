"""Conversations as trees: what there is becomes one path, question by question with its answer under it.

A question stands at an even depth with its answer one below, also where that is still to come. A further answer to the
same question, should there be one, gets a branch of its own.
"""

_PLACES = """
    WITH of_group AS (
        SELECT messages.seq, messages.id, messages.conversation_id,
            messages.doc ->> '$.role' = 'assistant' AS answers,
            coalesce(question.seq, messages.seq) AS asked,
            question.ticket_id IS messages.ticket_id AS latest
        FROM messages LEFT JOIN messages AS question
            ON question.id = messages.doc ->> '$.parent_id' AND question.conversation_id = messages.conversation_id
    ), numbered AS (
        SELECT *,
            2 * (dense_rank() OVER (PARTITION BY conversation_id ORDER BY asked) - 1) + answers AS depth,
            row_number() OVER (PARTITION BY conversation_id, asked, answers ORDER BY latest DESC, seq DESC) AS nth
        FROM of_group
    )
    SELECT seq, id, conversation_id, answers, asked, depth, nth,
        lag(id) OVER (PARTITION BY conversation_id ORDER BY nth > 1, depth) AS above
    FROM numbered
"""

STATEMENTS = (
    "ALTER TABLE messages ADD COLUMN branch TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE messages ADD COLUMN depth INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE messages ADD COLUMN stands_for TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE conversations ADD COLUMN tip_branch TEXT",
    "ALTER TABLE conversations ADD COLUMN tip_depth INTEGER",
    """CREATE TABLE branches (
        id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL, parent TEXT NOT NULL, at INTEGER NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX branches_of_conversation ON branches (conversation_id)",
    f"CREATE TEMP TABLE places AS {_PLACES}",
    """INSERT INTO branches SELECT id, conversation_id, conversation_id, depth - 1 FROM places WHERE nth > 1""",
    """UPDATE messages SET branch = iif(nth > 1, places.id, places.conversation_id), depth = places.depth,
        stands_for = iif(
            answers,
            'assistant:' || coalesce(messages.doc ->> '$.parent_id', ''),
            'user:' || coalesce(above, '')
        ),
        doc = json_set(
            doc,
            '$.parent_id', iif(answers, messages.doc ->> '$.parent_id', above),
            '$.branch_id', iif(nth > 1, places.id, places.conversation_id),
            '$.depth', places.depth
        )
        FROM places WHERE places.seq = messages.seq
    """,
    "DROP TABLE places",
    "CREATE UNIQUE INDEX messages_placed ON messages (branch, depth)",
    "CREATE INDEX messages_standing_for ON messages (conversation_id, stands_for)",
    """UPDATE conversations SET tip_branch = id, tip_depth = coalesce(
        (SELECT max(depth) FROM messages WHERE branch = conversations.id), -1
    )""",
    # Under a question that has no answer yet stands the one that its ticket has chosen.
    """UPDATE conversations SET
        tip_depth = tip_depth + (tip_depth >= 0 AND tip_depth % 2 = 0),
        doc = json_set(doc, '$.leaf_id', (
            SELECT iif(tip_depth % 2, messages.id, coalesce(tickets.doc ->> '$.answer_id', messages.id))
            FROM messages LEFT JOIN tickets ON tickets.id = messages.ticket_id
            WHERE messages.branch = conversations.id AND messages.depth = conversations.tip_depth
        ))
    """,
)
