"""What the system does: every command, the event that it leaves, and what becomes visible by it.

A package for each domain, with modules of the same names in each: `commands` (handlers),
`projections`, `queries`, `reactions`, `invalidation_rules`. What a domain says and stores is in
`models`; the engine comes from its face, `worker`. One command from file to file: docs/walk.md.

The orders domain: command, event ─▶ the projections that fold it.

    orders.register_customer
        orders.CustomerRegistered       ─▶ (nothing)
    orders.add_product
        orders.ProductAdded             ─▶ product_inventory
    orders.update_customer
        orders.CustomerUpdated          ─▶ (nothing)
    orders.update_product
        orders.ProductUpdated           ─▶ product_inventory
    orders.change_price
        orders.ProductPriceChanged      ─▶ product_inventory
    orders.deactivate_product
        orders.ProductDeactivated       ─▶ product_inventory
    orders.adjust_inventory
        orders.InventoryAdjusted        ─▶ product_inventory
    orders.create_order
        orders.OrderCreated             ─▶ product_inventory, order_summaries, order_items,
                                           customer_orders, order_status_timeline
    orders.add_order_item
        orders.OrderItemAdded           ─▶ product_inventory, order_summaries, order_items,
                                           customer_orders
    orders.process_payment
        orders.PaymentProcessed         ─▶ order_summaries, customer_orders, payments,
                                           order_status_timeline
    orders.update_order_status
        orders.OrderProcessingStarted   ─▶ order_summaries, customer_orders, order_status_timeline
        orders.OrderShipped             ─▶ product_inventory, order_summaries, customer_orders,
                                           order_status_timeline
        orders.OrderDelivered           ─▶ order_summaries, customer_orders, order_status_timeline
    orders.cancel_order
        orders.OrderCancelled           ─▶ product_inventory, order_summaries, customer_orders,
                                           payments, order_status_timeline

Questions ◀─ what they read. Those in `query.` are materialized views over projections, refreshed on
beat and by `cqrs refresh`; the audit log reads the trail of the write tables and no projection.

    orders.orders_summary               ◀─ order_summaries
    orders.orders_with_lines            ◀─ order_summaries, customer_orders
    orders.order_by_number              ◀─ order_summaries
    orders.order_details                ◀─ order_summaries, order_items, payments,
                                           order_status_timeline
    orders.customer_orders              ◀─ customer_orders
    orders.product_inventory            ◀─ product_inventory
    orders.revenue_by_product           ◀─ query.revenue_by_product
    orders.customer_lifetime_value      ◀─ query.customer_lifetime_value
    orders.order_status_timeline        ◀─ order_status_timeline
    orders.audit_log                    ◀─ (nothing)

`cqrs map` prints this out of the code, for the banking domain too, which is event-sourced and has a
saga; a test keeps this page true.
"""
