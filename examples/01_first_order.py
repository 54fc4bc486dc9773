"""Send commands, wait for a receipt, and read what you wrote. Needs `cqrs up` in another shell."""

from tasks.orders.commands import add_product, create_order, register_customer
from tasks.orders.queries import orders_summary
from worker import acting_as, uuid7

with acting_as("user:42", roles=["clerk"]):
    customer = register_customer.delay(email=f"{uuid7()}@example.org", name="Ada").receipt()
    product = add_product.delay(
        sku=f"TEA-{uuid7()}", name="Tea", price="4.20", quantity_available=100
    ).receipt()

    order = create_order.delay(
        customer_id=customer.data["customer_id"],
        items=[{"product_id": product.data["product_id"], "quantity": 2}],
    ).receipt()

print(order.status, order.data["order_number"], order.data["total"])  # succeeded ORD-… 19.24

answer = orders_summary.ask(customer_id=customer.data["customer_id"], after=order)
for row in answer.data:
    print(row.order_number, row.customer_name, row.status, row.total)
