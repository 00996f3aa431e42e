"""The moderators' queue: a store, and what may be done with it. docs/review.md says why.

`Store` first; then `intake`, `queue`, `decisions`, `taking_back`, `looks`, `agreement`,
`precedent`, `log`, `outbox`, `statement`, `calibration`.
"""
