-- name: account_summary
-- One account.
SELECT account_id, owner, currency, balance, transaction_count, last_activity, status
  FROM query.account_summaries
 WHERE account_id = %(account_id)s

-- name: accounts_by_balance
-- Accounts whose balance lies between two amounts, both included; a bound that is NULL is none.
SELECT account_id, owner, currency, balance, transaction_count, last_activity, status
  FROM query.account_summaries
 WHERE (%(minimum)s::numeric IS NULL OR balance >= %(minimum)s)
   AND (%(maximum)s::numeric IS NULL OR balance <= %(maximum)s)
 ORDER BY balance, account_id
 LIMIT %(limit)s OFFSET %(offset)s

-- name: transfer
-- One transfer.
SELECT transfer_id, from_account_id, to_account_id, amount, currency, status, reason, requested_at,
       ended_at
  FROM query.transfers
 WHERE transfer_id = %(transfer_id)s
